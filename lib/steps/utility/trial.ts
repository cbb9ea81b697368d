import type { SerialisedError } from '../../errors.ts'
import type { LayoutChange, TableGlimpse } from './read/report.ts'

/** What a recipe would extract from its page; nothing is stored. */
export interface Trial {
  /** What the page is known by. */
  key: { stores: string; recipe: string; page: string }
  url: string
  outcome: 'read' | 'blocked' | 'failed'
  title: string
  charset: string
  bytes: number
  datasets: { dataset: string; columns: string[]; rows: Record<string, string>[]; count: number }[]
  documents: { url: string; text: string }[]
  fingerprint: string
  /** What is different from the accepted layout. */
  changes: LayoutChange[]
  error: SerialisedError | null
  /** What tables the page has, where the recipe failed. */
  tables: TableGlimpse[]
}
