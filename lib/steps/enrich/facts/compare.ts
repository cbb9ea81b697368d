import type { Fact, FactLanguage } from './fact.ts'

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
  /** `sign`, `unit`: the input has it but for that; `absent`: it has nothing like it. */
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

/** Facts of an output that no fact of the input backs: same kind, value, sign and unit. */
export function unfounded(
  _output: string,
  _outputLanguage: FactLanguage,
  _input: string,
  _inputLanguage: FactLanguage,
  _options: CompareOptions = {},
): Unfounded[] {
  return []
}

/** Facts of the input that a translation lost or moved. Use it beside `unfounded`. */
export function lost(
  _output: string,
  _outputLanguage: FactLanguage,
  _input: string,
  _inputLanguage: FactLanguage,
  _options: CompareOptions = {},
): Lost[] {
  return []
}
