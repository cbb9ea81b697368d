/** How far one dataset is. */
interface Bar {
  phase: string
  share: number | undefined
  started: number
}

const WIDTH = 24
const WORDS: Record<string, string> = {
  queued: 'waiting',
  download: 'downloading',
  load: 'loading',
  index: 'indexing',
  publish: 'publishing',
}

/** A progress bar for each dataset: redrawn in place on a terminal, a line at each end elsewhere. */
export class Bars {
  readonly #bars = new Map<string, Bar>()
  readonly #out: NodeJS.WriteStream
  #drawn = 0
  #lastDraw = 0

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
  }

  update(name: string, phase: string, done: number, total: number | undefined): void {
    const known = this.#bars.get(name)
    const bar = known ?? { phase, share: undefined, started: Date.now() }
    bar.phase = phase
    bar.share = total ? Math.min(1, done / total) : undefined
    this.#bars.set(name, bar)
    if (this.#out.isTTY && Date.now() - this.#lastDraw > 80) this.#draw()
  }

  /** The dataset is through; `words` say how. */
  end(name: string, words: string): void {
    const bar = this.#bars.get(name)
    this.#erase()
    const seconds = bar ? ((Date.now() - bar.started) / 1000).toFixed(1) : '0.0'
    this.#out.write(`  ${name.padEnd(30)} ${'█'.repeat(WIDTH)} ${seconds.padStart(6)} s  ${words}\n`)
    this.#bars.delete(name)
    if (this.#out.isTTY) this.#draw()
  }

  #erase(): void {
    if (this.#drawn > 0) this.#out.write(`\x1b[${this.#drawn}A\x1b[J`)
    this.#drawn = 0
  }

  #draw(): void {
    this.#erase()
    for (const [name, bar] of this.#bars) {
      const full = Math.round((bar.share ?? 0) * WIDTH)
      const percent = bar.share === undefined ? '' : `${Math.round(bar.share * 100)}%`
      this.#out.write(
        `  ${name.padEnd(30)} ${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${percent.padStart(6)}  ${WORDS[bar.phase] ?? bar.phase}\n`,
      )
      this.#drawn += 1
    }
    this.#lastDraw = Date.now()
  }
}

/** A table of texts, columns aligned (numbers to the right). */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, index) => Math.max(name.length, ...rows.map((row) => (row[index] ?? '').length)))
  const numeric = head.map((_, index) => rows.length > 0 && rows.every((row) => /^[\d.,]*$/.test(row[index] ?? '')))
  const line = (row: readonly string[]) =>
    row
      .map((value, index) => (numeric[index] ? value.padStart(widths[index] ?? 0) : value.padEnd(widths[index] ?? 0)))
      .join('  ')
      .trimEnd()
  return [line(head), widths.map((width) => '─'.repeat(width)).join('──'), ...rows.map(line)].join('\n')
}
