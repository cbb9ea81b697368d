import type { Described, Page, Provenance, Selection } from '../../steps/dataset/read/port.ts'

/** Where the schema and the rows come from. */
export interface DatasetSource {
  /** Another one whenever a dataset, a column or a contract is new or another; cheap. */
  fingerprint(): Promise<string>
  /** All datasets that are held. */
  describe(): Promise<readonly Described[]>
  /** Where the rows of a dataset come from, and how old they are. */
  provenance(described: Described): Promise<Provenance>
  /** Throws UNKNOWN_DATASET, NO_COPY, QUERY_COLUMN, QUERY_CONDITION, QUERY_VALUE, QUERY_AFTER, AS_OF_NOT_KEPT. */
  page(dataset: string, selection: Selection, options: { limit: number; after?: string }): Promise<Page>
}
