import type { Progress } from '../../lib/steps/step.ts'
import type { NodeStatus } from './red.ts'

/** What a node says of itself; the colour and shape follow from `mood`. */
export interface StatusLine {
  mood: 'idle' | 'working' | 'done' | 'waiting' | 'warning' | 'error'
  /** A key of the catalogue, filled in with `values`. Without values the editor translates it into its own language. */
  key?: string
  values?: Record<string, string | number>
  /** Shown as it is (an error's code, a figure); wins over `key`. */
  text?: string
}

/** Longest text the canvas has room for. */
const longest = 20
const looks: Record<StatusLine['mood'], Pick<NodeStatus, 'fill' | 'shape'>> = {
  idle: {},
  working: { fill: 'blue', shape: 'dot' },
  done: { fill: 'green', shape: 'dot' },
  waiting: { fill: 'yellow', shape: 'ring' },
  warning: { fill: 'yellow', shape: 'dot' },
  error: { fill: 'red', shape: 'ring' },
}

/** Sends at most one status a second: each one is a websocket message to every open editor. The last one always gets through. */
export class StatusWriter {
  readonly #send: (status: NodeStatus) => void
  readonly #translate: (key: string, values?: Record<string, string | number>) => string
  readonly #everyMs: number
  #next: StatusLine | undefined
  #timer: NodeJS.Timeout | undefined
  #sent = ''

  constructor(
    send: (status: NodeStatus) => void,
    translate: (key: string, values?: Record<string, string | number>) => string,
    everyMs = 1_000,
  ) {
    this.#send = send
    this.#translate = translate
    this.#everyMs = everyMs
  }

  show(line: StatusLine): void {
    this.#next = line
    if (this.#timer === undefined) this.#flush()
  }

  /** Sends what is pending and stops. */
  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#next !== undefined) this.#write(this.#next)
    this.#next = undefined
  }

  #flush(): void {
    this.#timer = undefined
    if (this.#next === undefined) return
    this.#write(this.#next)
    this.#next = undefined
    this.#timer = setTimeout(() => this.#flush(), this.#everyMs)
    this.#timer.unref()
  }

  #write(line: StatusLine): void {
    const status = this.#render(line)
    const same = JSON.stringify(status)
    if (same === this.#sent) return
    this.#sent = same
    this.#send(status)
  }

  #render(line: StatusLine): NodeStatus {
    const { mood, key, values, text } = line
    const shown = text ?? (key === undefined ? undefined : values === undefined ? key : this.#translate(key, values))
    if (mood === 'idle' && shown === undefined) return {}
    // A bare key is translated by the editor; it must not be cut.
    return {
      ...looks[mood],
      ...(shown === undefined ? {} : { text: text === undefined && values === undefined ? shown : cut(shown) }),
    }
  }
}

function cut(text: string): string {
  return text.length < longest ? text : `${text.slice(0, longest - 2)}…`
}

const arrows: Record<Progress['unit'], string> = { bytes: '▼', rows: '▦', items: '•', pages: '▤' }

/**
 * A progress as a short text: `▼ 42%`, or a figure while the end is not known: `▼ 1.2 MB`, `▦ 1.2M`. While a step waits for memory what is free
 * and what is needed, `⏸ RAM 60/120 MB`; for the processor `⏸ CPU`.
 */
export function progressText({ phase, unit, done, total }: Progress, language: string): string {
  if (phase === 'wait-processor') return '⏸ CPU'
  if (phase === 'wait-memory') return `⏸ RAM ${mebibytes(done)}/${mebibytes(total ?? 0)} MB`
  if (total !== undefined && total > 0) return `${arrows[unit]} ${Math.min(100, Math.floor((done / total) * 100))}%`
  return `${arrows[unit]} ${unit === 'bytes' ? `${figure(done / 1e6, language)} MB` : figure(done, language)}`
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1_048_576)
}

/** A count for the canvas: `812`, `1.2M`, in Portuguese `1,2 mi`. */
export function figure(count: number, language: string): string {
  return new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 }).format(count)
}
