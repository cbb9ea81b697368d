import { scan } from './extract.ts'
import type { Fact, FactLanguage, Reading } from './fact.ts'
import { impliedKeys, keyFor, keyOf, prefixKey, readingsOf } from './keys.ts'

/** How far before a number, in characters, the head of its column or list may stand. */
const headReach = 4000

/** A text's facts, to be found by what they say. */
export class FactIndex {
  readonly facts: readonly Fact[]
  readonly #mentions: ReadonlyMap<string, readonly number[]>
  /** First fact of each key. */
  readonly #byKey = new Map<string, number>()
  /** Places of numbers without a unit, by value. */
  readonly #bare = new Map<string, number[]>()
  /** Units that a value has in the text, with the first fact. */
  readonly #units = new Map<string, Map<string, number>>()
  readonly #byPrefix: Map<string, number> | undefined

  constructor(text: string, language: FactLanguage, siPrefixes: boolean) {
    const { facts, mentions } = scan(text, language)
    this.facts = facts
    this.#mentions = mentions
    this.#byPrefix = siPrefixes ? new Map() : undefined
    for (const [index, fact] of facts.entries()) {
      this.#put(fact, index)
      for (const other of fact.others ?? []) this.#put(other, index)
    }
  }

  #put(reading: Reading, index: number): void {
    this.#set(keyOf(reading), index)
    for (const key of impliedKeys(reading)) this.#set(key, index)
    if (reading.kind !== 'number') return
    const unit = reading.unit ?? ''
    if (unit === '' && this.#mentions.size > 0) {
      const places = this.#bare.get(reading.value)
      const start = this.facts[index]?.start ?? 0
      if (places === undefined) this.#bare.set(reading.value, [start])
      else places.push(start)
    }
    const units = this.#units.get(reading.value)
    if (units === undefined) this.#units.set(reading.value, new Map([[unit, index]]))
    else if (!units.has(unit)) units.set(unit, index)
    const prefix = this.#byPrefix === undefined ? undefined : prefixKey(reading)
    if (prefix !== undefined && this.#byPrefix?.has(prefix) === false) this.#byPrefix.set(prefix, index)
  }

  #set(key: string, index: number): void {
    if (!this.#byKey.has(key)) this.#byKey.set(key, index)
  }

  /** The fact that says a reading, or more than that. */
  find(reading: Reading): Fact | undefined {
    const prefix = this.#byPrefix === undefined ? undefined : prefixKey(reading)
    return this.#at(this.#byKey.get(keyOf(reading)) ?? (prefix === undefined ? undefined : this.#byPrefix?.get(prefix)))
  }

  #at(index: number | undefined): Fact | undefined {
    return index === undefined ? undefined : this.facts[index]
  }

  /** Whether a unit stands alone not far before a place: the head of a column. */
  hasHead(unit: string, place: number): boolean {
    const before = lastBelow(this.#mentions.get(unit) ?? [], place)
    return before !== undefined && place - before <= headReach
  }

  /** Whether a number without a unit stands not far after a unit that stands alone. Looks from the rarer of the two. */
  hasUnder(value: string, unit: string): boolean {
    const numbers = this.#bare.get(value) ?? []
    const heads = this.#mentions.get(unit) ?? []
    if (numbers.length <= heads.length) return numbers.some((place) => this.hasHead(unit, place))
    return heads.some((head) => {
      const next = lastBelow(numbers, head + headReach + 1)
      return next !== undefined && next > head
    })
  }

  /** Units that a value has in the text; an empty one where it has none. */
  unitsOf(value: string): ReadonlyMap<string, number> {
    return this.#units.get(value) ?? new Map()
  }

  /** A fact that says nearly the same: another unit or type, or another sign. */
  nearest(reading: Reading): { fact: Fact; reason: 'unit' | 'sign' } | undefined {
    const { kind, value } = reading
    if (kind === 'number') {
      const other = this.#at(this.unitsOf(value).values().next().value)
      if (other !== undefined) return { fact: other, reason: 'unit' }
      const size = value.replace(/^[-±]/, '')
      for (const sign of ['', '-', '±']) {
        const turned = this.#at(
          this.unitsOf(sign + size)
            .values()
            .next().value,
        )
        if (turned !== undefined) return { fact: turned, reason: 'sign' }
      }
      return undefined
    }
    const loose = this.#at(this.#byKey.get(keyFor(kind, value, '*')))
    return loose === undefined ? undefined : { fact: loose, reason: 'unit' }
  }

  /** Units that stand alone in the text. */
  heads(): Iterable<string> {
    return this.#mentions.keys()
  }
}

/** The largest of ascending numbers that is below a limit. */
function lastBelow(sorted: readonly number[], limit: number): number | undefined {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? 0) < limit) low = middle + 1
    else high = middle
  }
  return sorted[low - 1]
}

/** Facts of a translation, each to be taken once. */
export class FactPool {
  readonly facts: readonly Fact[]
  readonly #queues = new Map<string, number[]>()
  readonly #heads = new Map<string, number>()
  readonly #taken = new Set<number>()

  constructor(facts: readonly Fact[]) {
    this.facts = facts
    for (const [index, fact] of facts.entries()) {
      for (const reading of readingsOf(fact)) {
        this.#queue(keyOf(reading), index)
        for (const key of impliedKeys(reading)) this.#queue(key, index)
      }
    }
  }

  #queue(key: string, index: number): void {
    const queue = this.#queues.get(key)
    if (queue === undefined) this.#queues.set(key, [index])
    else if (queue.at(-1) !== index) queue.push(index)
  }

  /** The next fact that answers to a key and is not taken yet. */
  take(key: string): Fact | undefined {
    const queue = this.#queues.get(key)
    if (queue === undefined) return undefined
    let head = this.#heads.get(key) ?? 0
    while (head < queue.length && this.#taken.has(queue[head] ?? -1)) head++
    this.#heads.set(key, head + 1)
    const index = queue[head]
    if (index === undefined) return undefined
    this.#taken.add(index)
    return this.facts[index]
  }
}
