import { VARIANT_KINDS, type Variant } from './files/variant.ts'
import { isDataset } from './generate/index.ts'

/** A way of answering wrong, whatever the file. */
export type Transport =
  /** The connection is destroyed after `after` bytes of the body; default half of it. */
  | { kind: 'cut'; after?: number }
  /** `bytesPerSecond` at most; or everything up to `stallAfter` bytes and then nothing for `stallMs` (default: for ever). */
  | { kind: 'slow'; bytesPerSecond?: number; stallAfter?: number; stallMs?: number }
  | { kind: '500' }
  | { kind: '502' }
  /** Retry-After in seconds, or a moment (sent as an HTTP date). Without one the header is missing. */
  | { kind: '429'; retryAfter?: number | Date }
  /** An HTML page with status 200. */
  | { kind: 'html'; contentType?: string }
  /**
   * Content-Length `by` bytes more than the body (default 1,000). When negative, that much less than the file: no client
   * sees more than was declared, so the answer looks whole and only the metadata know better.
   */
  | { kind: 'wrong-length'; by?: number }
  | { kind: 'not-found' }
  /** The API answers 503, or its connections are reset; downloads go on. */
  | { kind: 'api-down'; how?: '503' | 'reset' }
  /** JSON that ends in the middle. API only. */
  | { kind: 'bad-json' }
  /** `{"success": true, "result": null}`. API only. */
  | { kind: 'wrong-shape' }

/** A rule: what goes wrong, where, and how often. */
export type Misbehaviour = (Transport | Variant) & {
  /**
   * A dataset's name (its downloads), a slug, a resource id or any other part of a request's path and query; or a regular
   * expression on them. Default: everything the kind can spoil.
   */
  match?: string | RegExp
  /** How many answers are spoilt; then all is well again. Default: all until {@link Rule.remove}. */
  times?: number
}

/** A rule in force. */
export interface Rule {
  readonly misbehaviour: Misbehaviour
  /** How many answers it has spoilt. */
  readonly applied: number
  /** Takes it out of force. */
  remove(): void
}

/** What a rule is compared with. */
export interface Subject {
  api: boolean
  /** Path and query, decoded. */
  path: string
  dataset?: string | undefined
  slug?: string | undefined
  resource?: string | undefined
  /** Whether it is a CSV, the one format that is published wrong. */
  csv?: boolean
}

/** When a rule acts: instead of an answer, on the body of one, or on the file that is served. */
export type Phase = 'refusal' | 'body' | 'variant'

const BODY: ReadonlySet<string> = new Set<Transport['kind']>(['cut', 'slow', 'wrong-length'])
const API_ONLY: ReadonlySet<string> = new Set<Transport['kind']>(['api-down', 'bad-json', 'wrong-shape'])

function phaseOf({ kind }: Misbehaviour): Phase {
  return VARIANT_KINDS.has(kind) ? 'variant' : BODY.has(kind) ? 'body' : 'refusal'
}

function isVariant(rule: Misbehaviour): rule is Variant & Pick<Misbehaviour, 'match' | 'times'> {
  return VARIANT_KINDS.has(rule.kind)
}

/** The variant in a rule, without the rule's own fields. */
export function variantOf(rule: Misbehaviour): Variant | undefined {
  if (!isVariant(rule)) return undefined
  const { match: _match, times: _times, ...variant } = rule
  return variant
}

/** The rules in force; the first that matches wins. */
export class Rules {
  readonly #rules: { misbehaviour: Misbehaviour; applied: number }[] = []

  add(misbehaviour: Misbehaviour): Rule {
    const entry = { misbehaviour, applied: 0 }
    this.#rules.push(entry)
    return {
      misbehaviour,
      get applied() {
        return entry.applied
      },
      remove: () => {
        const position = this.#rules.indexOf(entry)
        if (position >= 0) this.#rules.splice(position, 1)
      },
    }
  }

  clear(): void {
    this.#rules.length = 0
  }

  /** The rule for an answer about to be given, counted. */
  take(subject: Subject, phase: Phase): Misbehaviour | undefined {
    const entry = this.#find(subject, phase)
    if (entry !== undefined) entry.applied++
    return entry?.misbehaviour
  }

  /** The same without counting: what a look at the metadata must already show. */
  peek(subject: Subject, phase: Phase): Misbehaviour | undefined {
    return this.#find(subject, phase)?.misbehaviour
  }

  #find(subject: Subject, phase: Phase) {
    return this.#rules.find(({ misbehaviour, applied }) => {
      if (phaseOf(misbehaviour) !== phase) return false
      if (misbehaviour.times !== undefined && applied >= misbehaviour.times) return false
      return matches(misbehaviour, subject)
    })
  }
}

function matches({ kind, match }: Misbehaviour, subject: Subject): boolean {
  if (API_ONLY.has(kind) && !subject.api) return false
  // Size, date and ETag change with the file, so the metadata of a file must ask here too.
  if (VARIANT_KINDS.has(kind) && subject.csv !== true) return false
  if (match === undefined) return true
  if (typeof match !== 'string') return subject.path.search(match) >= 0
  if (isDataset(match)) return !subject.api && subject.dataset === match
  return match === subject.slug || match === subject.resource || subject.path.includes(match)
}
