import { scan } from './extract.ts'
import type { Fact, FactLanguage } from './fact.ts'
import { FactIndex, FactPool } from './fact-index.ts'
import { keyFor, keyOf, prefixKey, readingsOf } from './keys.ts'

/** How strictly facts are compared. */
export interface CompareOptions {
  /** Lets `580 Wp` back `0.58 kWp`: the same quantity by an SI prefix. Off: every conversion is refused. */
  siPrefixes?: boolean
  /** Units that are said elsewhere, as by the schema of a field: a bare number of the output may stand for a number with one of them. */
  assumedUnits?: readonly string[]
}

/** A fact of the output that the input does not back. */
export interface Unfounded {
  fact: Fact
  /** `sign`, `unit`: the input has it but for that (for an act or a provision the type); `absent`: it has nothing like it. */
  reason: 'absent' | 'sign' | 'unit'
  /** A fact of the input that comes closest. */
  nearest?: Fact
}

/** A fact of the input that the translation does not have, or not where it was. */
export interface Lost {
  fact: Fact
  /** `missing`: fewer times in the output than in the input; `order`: facts of one unit changed places within a paragraph. */
  reason: 'missing' | 'order'
}

/**
 * Facts of an output that no fact of the input backs: same kind, value, sign and unit. A less exact fact is backed by a more exact one (a year by a date).
 * A unit may only be missing on one side where it stands alone not far before the number, as in the head of a column: a bare number elsewhere says
 * something else than the number with its unit, and a reader could not tell which.
 */
export function unfounded(
  output: string,
  outputLanguage: FactLanguage,
  input: string,
  inputLanguage: FactLanguage,
  options: CompareOptions = {},
): Unfounded[] {
  const said = new FactIndex(output, outputLanguage, false)
  if (said.facts.every((fact) => fact.weak)) return []
  const known = new FactIndex(input, inputLanguage, options.siPrefixes === true)
  const found: Unfounded[] = []
  for (const fact of said.facts) {
    if (fact.weak || isBacked(fact, said, known, options.assumedUnits ?? [])) continue
    const near = known.nearest(fact)
    found.push(near === undefined ? { fact, reason: 'absent' } : { fact, reason: near.reason, nearest: near.fact })
  }
  return found
}

function isBacked(fact: Fact, said: FactIndex, known: FactIndex, assumed: readonly string[]): boolean {
  for (const reading of readingsOf(fact)) {
    if (known.find(reading) !== undefined) return true
    if (reading.kind !== 'number') continue
    if (reading.unit === undefined) {
      for (const unit of known.unitsOf(reading.value).keys()) {
        if (unit !== '' && (assumed.includes(unit) || said.hasHead(unit, fact.start))) return true
      }
    } else if (known.hasUnder(reading.value, reading.unit)) return true
  }
  return false
}

/** Facts of the input that a translation lost or moved, each as often as it stands there. Use it beside `unfounded`. */
export function lost(
  output: string,
  outputLanguage: FactLanguage,
  input: string,
  inputLanguage: FactLanguage,
  options: CompareOptions = {},
): Lost[] {
  const source = scan(input, inputLanguage)
  const target = scan(output, outputLanguage)
  const pool = new FactPool(target.facts)
  const partners = new Map<Fact, Fact>()
  const wanted = source.facts.filter((fact) => !fact.weak)
  // what is surely the same first, so that a loose match does not take its partner
  for (const fact of wanted) {
    const partner = pool.take(keyOf(fact))
    if (partner !== undefined) partners.set(fact, partner)
  }
  const prefixes =
    options.siPrefixes === true ? new Set(target.facts.flatMap((fact) => prefixKey(fact) ?? [])) : undefined
  const missing: Lost[] = []
  for (const fact of wanted) {
    if (partners.has(fact)) continue
    const prefix = prefixes === undefined ? undefined : prefixKey(fact)
    if (prefix !== undefined && prefixes?.has(prefix)) continue
    const partner = looseKeys(fact, source.mentions, target.mentions).reduce<Fact | undefined>(
      (taken, key) => taken ?? pool.take(key),
      undefined,
    )
    if (partner === undefined) missing.push({ fact, reason: 'missing' })
    else partners.set(fact, partner)
  }
  return [...missing, ...moved(input, wanted, partners)].sort((a, b) => a.fact.start - b.fact.start)
}

type Mentions = ReadonlyMap<string, readonly number[]>

/** Other keys that a fact may be found under: its other readings, an act or provision of another type (which `unfounded` tells), a unit in a head. */
function looseKeys(fact: Fact, source: Mentions, target: Mentions): string[] {
  const keys: string[] = []
  for (const reading of readingsOf(fact)) {
    keys.push(keyOf(reading))
    if (reading.kind === 'act' || reading.kind === 'provision') keys.push(keyFor(reading.kind, reading.value, '*'))
    if (reading.kind !== 'number') continue
    if (reading.unit === undefined) for (const unit of source.keys()) keys.push(keyFor('number', reading.value, unit))
    else if (target.has(reading.unit)) keys.push(keyFor('number', reading.value))
  }
  return keys
}

/** Facts of one unit that stand in another order than in their paragraph of the input. */
function moved(input: string, facts: readonly Fact[], partners: ReadonlyMap<Fact, Fact>): Lost[] {
  const found: Lost[] = []
  const furthest = new Map<string, number>()
  let end = 0
  for (const fact of facts) {
    if (fact.start >= end) {
      furthest.clear()
      const next = input.indexOf('\n', fact.start)
      end = next < 0 ? input.length : next
    }
    const partner = partners.get(fact)
    if (partner === undefined) continue
    const group = groupOf(fact)
    const place = furthest.get(group) ?? -1
    if (partner.start < place) found.push({ fact, reason: 'order' })
    else furthest.set(group, partner.start)
  }
  return found
}

/** A year and a count have no order between them: `em 2024, 15 casos` is `15 cases in 2024`. */
function groupOf(fact: Fact): string {
  const isYear = fact.kind === 'number' && fact.unit === undefined && /^(?:19|20)\d{2}$/.test(fact.value)
  return isYear ? 'year' : fact.kind === 'act' ? 'act' : `${fact.kind}|${fact.unit ?? ''}`
}
