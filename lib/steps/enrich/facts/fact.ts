/** The language that decides how numbers and dates are written. `any`: both notations are possible. */
export type FactLanguage = 'pt' | 'en' | 'any'

/**
 * What a fact is. `number`: a quantity or count; `date`: also a month or a quarter; `time`: of the day; `act`: a law, resolution or norm;
 * `provision`: an article, paragraph, item, annex of one; `identifier`: a model name, CNPJ, code.
 */
export type FactKind = 'number' | 'date' | 'time' | 'act' | 'provision' | 'identifier'

/** One way to read a fact. */
export interface Reading {
  kind: FactKind
  /** Exact: a plain decimal (`-0.29`), an ISO date or a part of one (`2024-03-12`, `2024-03`, `--03-12`, `2024-Q1`), `14:30`, `1000/2021`. */
  value: string
  /** The canonical unit of a number (`R$/kWh`, `%`, `d`), the type of an act (`ren`, `lei`) or of a provision (`art`, `inciso`). */
  unit?: string
}

/** Something in a text that a model must not change. */
export interface Fact extends Reading {
  /** Other readings, where the notation has more than one: `1.234`, `18h`, `03/04/2024`. */
  others?: readonly Reading[]
  /** Backs a fact of another text, but needs no backing: `primeiro`, `one`, `half`. Words that are often no number at all. */
  weak?: true
  /** Place in the text, in UTF-16 units. */
  start: number
  end: number
  text: string
}
