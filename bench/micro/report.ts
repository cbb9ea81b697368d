import type { Result } from './cycle.ts'
import type { Phase } from './watch.ts'

const mb = (bytes: number | undefined) => (bytes === undefined ? '–' : String(Math.round(bytes / 1_048_576)))

/** Prints what was measured; memory in MB. */
export function print({ profile, limit, how, phases, facts, problems }: Result): void {
  console.log(`\nprofile ${profile}, limit ${mb(limit)} MB held by ${how}`)
  const head = [
    'phase',
    'seconds',
    'PSS',
    'processes',
    'group',
    'cache',
    'limit reached',
    'killed',
    'loop p99 ms',
    'most ms',
    'peak of each',
  ]
  const rows = phases.map(row)
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((cells) => cells[at]?.length ?? 0)))
  for (const cells of [head, ...rows])
    console.log(
      cells
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  for (const fact of facts) console.log(fact)
  for (const problem of problems) console.error(`PROBLEM: ${problem}`)
  const most = Math.max(...phases.map((phase) => phase.processes ?? phase.pss))
  console.log(
    `${profile}: ${problems.length === 0 ? 'the promise holds' : 'THE PROMISE IS BROKEN'}; processes took at most ${mb(most)} of ${mb(limit)} MB`,
  )
}

function row(phase: Phase): string[] {
  return [
    phase.name,
    (phase.ms / 1_000).toFixed(1),
    ...[phase.pss, phase.processes, phase.group, phase.cache].map(mb),
    ...[phase.reached, phase.killed].map(String),
    ...[phase.loopP99, phase.loopMost].map((ms) => ms.toFixed(0)),
    [...phase.each].map(([name, pss]) => `${name} ${mb(pss)}`).join(', '),
  ]
}
