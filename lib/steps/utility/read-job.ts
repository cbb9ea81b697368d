import type { SerialisedError } from '../../errors.ts'
import type { Blocked } from '../../net/blocked.ts'
import type { Contract } from '../dataset/contract.ts'
import type { Charset } from './read/charset.ts'
import type { Extraction } from './read/extract.ts'
import type { TableGlimpse } from './read/report.ts'
import type { Recipe, RecipePage } from './recipe-schema.ts'

/** A page to read, as plain data for the thread. */
export interface ReadJob {
  bytes: Uint8Array
  headers: Record<string, string>
  /** Address of the page, for its links. */
  url: string
  recipe: Recipe
  page: RecipePage
  contracts: readonly Contract[]
}

/** What reading came to. */
export type ReadResult =
  | { outcome: 'read'; extraction: Extraction; charset: Charset }
  | { outcome: 'blocked'; blocked: Blocked }
  /** `tables`: what the page has, for who writes a recipe. */
  | { outcome: 'failed'; error: SerialisedError; tables: TableGlimpse[] }
