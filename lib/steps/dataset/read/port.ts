import type { TierName } from '../../../runs/fallback.ts'
import type { Json } from '../../../stores/cache/port.ts'
import type { Contract } from '../contract.ts'
import type { Version } from '../load/registry.ts'
import type { QueryColumn } from '../query/conditions.ts'
import type { Condition } from '../query/schema.ts'

/** A dataset as it is served now: what its versions, contract and view say of it. */
export interface Described {
  dataset: string
  contract: Contract
  /** In the view's order; personal ones that are not kept are not there. */
  columns: readonly DescribedColumn[]
  /** The newest version of every part that is served; of a past day the version of then. In order of their names. */
  parts: readonly Version[]
  /** How many versions the dataset has had; when it grows, this is no longer so. */
  publications: number
  /** ISO; see {@link Provenance}. */
  retrievedAt: string
  /** ISO; the past instant that this is of. */
  asOf: string | null
}

/** What a list of datasets says of one. */
export interface Head {
  dataset: string
  title: { 'pt-BR': string; 'en-US': string }
  cadence: Contract['cadence'] | null
  /** Rows in all parts. */
  rows: number
  /** Of several parts the newest. */
  version: number
  /** ISO; of several parts the oldest. */
  publishedAt: string
  /** ISO; see {@link Provenance}. */
  retrievedAt: string
  tier: TierName
  attribution: string
}

/** A column that may be asked for. */
export interface DescribedColumn extends QueryColumn {
  /** `column`: of the tables. `part`: the part's name. `generated`: when the source made the file. */
  from: 'column' | 'part' | 'generated'
  /** Decimals kept, of several parts the most; null where the contract does not say, and for what is no decimal. */
  scale: number | null
  unit: string | null
  description: { 'pt-BR': string; 'en-US': string } | null
  /** Whether a value may be missing. */
  nullable: boolean
}

/** Which rows, of which day. */
export interface Selection {
  /** None takes all. */
  columns?: readonly string[]
  /** All hold. */
  where?: readonly Condition[]
  /**
   * Columns; `-` in front sorts downwards, missing values come last either way, texts go by their bytes. Rows that are equal in them keep an
   * order of their own, so that pages fit together.
   */
  order?: readonly string[]
  /** ISO date (its end in Brasília) or instant: the rows as they were published here then. */
  asOf?: string
}

/** A page of rows. */
export interface Page {
  columns: readonly DescribedColumn[]
  rows: Record<string, Json>[]
  /** Hand it over as `after` for the next page; null after the last row. Opaque, and of no use for another selection. */
  next: string | null
  provenance: Provenance
}

/** Where an answer comes from and how old it is. */
export interface Provenance {
  dataset: string
  /** Of several parts the newest. */
  version: number
  /** Rows in all parts, whatever was asked for. */
  rows: number
  /** Of several parts the lower one. */
  tier: TierName
  /** ISO; of several parts the oldest. */
  publishedAt: string
  /**
   * ISO; when its source was last looked at with success, with or without a new file; of several parts the oldest. Of a past day, and where
   * nobody has looked since, when it was published.
   */
  retrievedAt: string
  /** Since `publishedAt`. */
  ageSeconds: number
  /** Source and licence. */
  attribution: string
  /** The instant asked for, when one was. */
  asOf: string | null
}
