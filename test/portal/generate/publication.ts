import { mix } from './random.ts'

/** What a publication does to the one before, as shares of the rows of publication 0. */
export interface Shares {
  changed: number
  added: number
  vanished: number
}

/** About what ANEEL does from one day to the next: 1 % in all. */
export const DAILY: Shares = { changed: 0.005, added: 0.003, vanished: 0.002 }

/** What becomes of a row up to some publication. */
export type Fate = 'kept' | 'changed' | 'vanished'

/**
 * Which rows change, vanish and appear in each publication, by arithmetic alone: the rows that may change are put in a
 * fixed random order, and each publication takes the next few of them. A row is taken once, so the difference between
 * any two publications is exact and needs no look at the rows.
 */
export class Plan {
  /** Rows of publication 0 that are made by index; the repeats come on top. */
  readonly originals: number
  readonly repeats: number
  readonly changed: number
  readonly added: number
  readonly vanished: number
  /** The last publication there are still untouched rows for. */
  readonly last: number
  readonly #untouched: number
  readonly #stride: number
  readonly #mutable: number
  readonly #factor: number
  readonly #shift: number

  /** `rows` counts everything in publication 0. The first `untouched` rows and those with repeats never change. */
  constructor(rows: number, repeats: number, untouched: number, shares: Shares, seed: number) {
    this.#untouched = Math.min(rows, untouched)
    const free = rows - this.#untouched
    this.repeats = Math.min(repeats, Math.floor(free / 3))
    this.originals = rows - this.repeats
    const plain = this.originals - this.#untouched
    this.#stride = this.repeats === 0 ? 0 : Math.floor(plain / this.repeats)
    this.#mutable = plain - this.repeats
    const some = (share: number) => (this.#mutable < 10 || share === 0 ? 0 : Math.max(1, Math.round(rows * share)))
    this.changed = some(shares.changed)
    this.added = some(shares.added)
    this.vanished = some(shares.vanished)
    const taken = this.changed + this.vanished
    this.last = taken === 0 ? Number.MAX_SAFE_INTEGER : Math.floor(this.#mutable / taken)
    this.#factor = coprime(Math.floor(this.#mutable * 0.618), this.#mutable)
    this.#shift = this.#mutable === 0 ? 0 : mix(seed) % this.#mutable
  }

  /** Whether original row `index` is followed by a repeat of it; then the repeat's number, else -1. */
  repeatOf(index: number): number {
    const i = index - this.#untouched
    if (this.repeats === 0 || i < 0 || i % this.#stride !== 0) return -1
    const ordinal = i / this.#stride
    return ordinal < this.repeats ? ordinal : -1
  }

  /** What has become of original row `index` by `publication`, and in which one it happened (0: none). */
  fate(index: number, publication: number): { fate: Fate; since: number } {
    const i = index - this.#untouched
    const taken = this.changed + this.vanished
    if (i < 0 || taken === 0 || this.repeatOf(index) >= 0) return KEPT
    const before = this.repeats === 0 ? 0 : Math.min(this.repeats, Math.floor(i / this.#stride) + 1)
    const rank = (this.#factor * (i - before) + this.#shift) % this.#mutable
    const since = Math.floor(rank / taken) + 1
    if (since > publication) return KEPT
    return { fate: rank % taken < this.changed ? 'changed' : 'vanished', since }
  }

  /** Rows in a publication, repeats included. */
  rows(publication: number): number {
    return this.originals + this.repeats + publication * (this.added - this.vanished)
  }
}

const KEPT = { fate: 'kept', since: 0 } as const

function coprime(start: number, modulus: number): number {
  let candidate = Math.max(1, start)
  while (gcd(candidate, modulus) !== 1) candidate++
  return candidate
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}
