import type { FileRow } from './publishing.ts'

/** Numbers below 1 that are the same in each run (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const agents = ['CEMIG-D', 'Água Azul', 'EDP "SP"', "D'Oeste", 'zeta', 'Ω-Energia']

/** A row of few keys, so that keys repeat, with blanks everywhere. */
export function randomRow(random: () => number): FileRow {
  const pick = (below: number) => Math.floor(random() * below)
  const or = <T>(value: T): T | null => (random() < 0.2 ? null : value)
  return {
    agente: agents[pick(agents.length)] ?? '',
    classe: or(`B${pick(3)}`),
    valor: or((pick(40) / 4 - 3).toFixed(4)),
    numero: or(pick(12) - 4),
    dia: or(`2026-0${1 + pick(9)}-1${pick(10)}`),
    quando: or(`2026-03-0${1 + pick(9)} 0${pick(10)}:00:00`),
  }
}

/** The next publication: some rows gone, some other, some new, some only elsewhere in the file. */
export function nextRows(rows: readonly FileRow[], random: () => number): FileRow[] {
  const kept = rows.filter(() => random() > 0.12)
  const next = kept.map((row) => (random() < 0.15 ? { ...row, valor: (random() * 50).toFixed(4) } : row))
  for (let more = Math.floor(random() * 12) + 1; more > 0; more -= 1) next.push(randomRow(random))
  if (random() < 0.5) next.push(...next.splice(0, Math.floor(next.length / 3)))
  return next
}
