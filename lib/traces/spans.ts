import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash, randomBytes } from 'node:crypto'
import { PipelineError } from '../errors.ts'

/** Where in a trace something happens. Hexadecimal, as in `traceparent`. */
export interface SpanPlace {
  traceId: string
  spanId: string
}

/** Facts of a span; never a secret. */
export type Attributes = Record<string, string | number | boolean>

/** What is found out of work while it is done. */
export interface Outcome {
  name?: string
  /** Code of the error that it answered with instead of throwing it. */
  error?: string
}

/** Has more told of the work that is being done. */
export type Note = (more: Attributes, outcome?: Outcome) => void

/** Work that has ended. */
export interface Span extends SpanPlace {
  name: string
  kind: 'internal' | 'server' | 'client'
  parentSpanId: string | undefined
  /** Milliseconds since 1970, with fractions. */
  startMs: number
  endMs: number
  attributes: Attributes
  /** Code of the error it ended with. */
  error: string | undefined
}

/** What work is called before it begins. */
export interface Begun {
  name: string
  kind?: Span['kind']
  attributes?: Attributes
  /** Left out: what is at work here. Where that is nothing, the work is not traced. */
  parent?: SpanPlace
  /** A trace of its own: there is no parent, and this is its place. */
  root?: SpanPlace
}

/** The trace of a run, the same in every process and for every replay, and the place of the run itself in it. */
export function runPlace(run: string): SpanPlace {
  return { traceId: digest(`trace ${run}`).slice(0, 32), spanId: digest(`run ${run}`).slice(0, 16) }
}

/** A trace that nobody else knows of yet. */
export function newPlace(): SpanPlace {
  return { traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') }
}

/** A place as the header `traceparent` of W3C Trace Context; `sampled`: whether anybody records it. */
export function traceparent({ traceId, spanId }: SpanPlace, sampled = true): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`
}

/** The place that a header `traceparent` names, and whether its sender records it; undefined for none and for one that is no such header. */
export function placeIn(header: string | undefined): (SpanPlace & { sampled: boolean }) | undefined {
  const [, version = '', traceId = '', spanId = '', flags = '', rest] =
    /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/.exec(header?.trim() ?? '') ?? []
  const wrong = version === '' || version === 'ff' || (version === '00' && rest !== undefined)
  if (wrong || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

function clockFrom(now: number): () => number {
  const began = performance.now()
  return () => now + performance.now() - began
}

/** Where this process says what it works on. One for all; knows nobody that listens, and without a listener costs next to nothing. */
export class Spans {
  readonly #here = new AsyncLocalStorage<SpanPlace & { clock: () => number }>()
  #sink: ((span: Span) => void) | undefined
  #wanted: (traceId: string) => boolean = () => false

  /** Has a sink hear of all spans of the traces that it wants. It must be quick. Returns how to take it back. */
  attach(sink: (span: Span) => void, wanted: (traceId: string) => boolean): () => void {
    this.#sink = sink
    this.#wanted = wanted
    return () => {
      this.#sink = undefined
      this.#wanted = () => false
    }
  }

  /** Whether anybody wants this trace. */
  wants({ traceId }: SpanPlace): boolean {
    return this.#sink !== undefined && this.#wanted(traceId)
  }

  /** Does work as a span, through all its awaits. What `note` is given is added to it; `place` is undefined where nobody wants it. */
  async within<T>(begun: Begun, work: (note: Note, place: SpanPlace | undefined) => Promise<T>): Promise<T> {
    const parent = begun.root === undefined ? (begun.parent ?? this.#here.getStore()) : undefined
    const trace = begun.root ?? parent
    if (trace === undefined || !this.wants(trace)) return work(() => undefined, undefined)
    const place = begun.root ?? { traceId: trace.traceId, spanId: randomBytes(8).toString('hex') }
    // One clock for a work and all inside it: they nest, and a moved clock makes nothing end before it began.
    const clock = this.#here.getStore()?.clock ?? clockFrom(Date.now())
    const startMs = clock()
    const attributes = { ...begun.attributes }
    const outcome: Outcome = {}
    const note: Note = (more, found) => {
      Object.assign(attributes, more)
      Object.assign(outcome, found)
    }
    const end = (error: string | undefined) =>
      this.tell({
        ...place,
        ...{
          name: outcome.name ?? begun.name,
          kind: begun.kind ?? 'internal',
          parentSpanId: parent?.spanId,
          attributes,
          error,
          startMs,
        },
        endMs: clock(),
      })
    try {
      const value = await this.#here.run({ ...place, clock }, () => work(note, place))
      end(outcome.error)
      return value
    } catch (thrown) {
      end(PipelineError.from(thrown).code)
      throw thrown
    }
  }

  /** Tells of a span that somebody else has measured. Never throws: tracing must not break what is traced. */
  tell(span: Span): void {
    if (!this.wants(span)) return
    try {
      this.#sink?.(span)
    } catch {
      // see above
    }
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex')

/** The spans of this process. */
export const spans = new Spans()
