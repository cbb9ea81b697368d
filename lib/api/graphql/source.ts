import { PipelineError } from '../../errors.ts'
import { provenanceOf } from '../../steps/dataset/read/describe.ts'
import { readPage } from '../../steps/dataset/read/page.ts'
import type { Described, Page, Provenance, Selection } from '../../steps/dataset/read/port.ts'
import { type DatasetReader, prepareDatasets } from '../../steps/dataset/read/reader.ts'
import type { ApiContext } from '../route.ts'
import { readerOf } from '../routes/datasets/reader.ts'

/** Where the schema and the rows come from. */
export interface DatasetSource {
  /** Another one whenever something was published; one small statement. */
  fingerprint(): Promise<string>
  /** All datasets that are held. */
  describe(): Promise<readonly Described[]>
  /** Where the rows of a dataset come from, and how old they are. */
  provenance(dataset: string): Promise<Provenance>
  /** Numbers are text. Throws what `readPage` throws. */
  page(dataset: string, selection: Selection, options: { limit: number; after?: string }): Promise<Page>
}

/** The source over the stores of a context. */
export const sourceOf = (context: ApiContext): DatasetSource => makeSource(readerOf(context))

function makeSource(reader: DatasetReader): DatasetSource {
  return {
    async fingerprint() {
      await prepareDatasets(reader.db)
      const { rows } = await reader.db.query(
        'select dataset, publications from pipeline.dataset where publications > 0 order by dataset',
      )
      return JSON.stringify(rows)
    },
    async describe() {
      const all: Described[] = []
      for (const { dataset } of await reader.list()) {
        try {
          all.push(await reader.current(dataset))
        } catch (thrown) {
          // one that was taken away meanwhile, or whose view is broken, is no reason to have none
          if (!gone.has(PipelineError.from(thrown).code)) throw thrown
        }
      }
      return all
    },
    provenance: async (dataset) => provenanceOf(await reader.current(dataset), reader.clock),
    page: (dataset, selection, options) => readPage(reader, dataset, selection, { ...options, numbers: 'text' }),
  }
}

const gone = new Set(['NO_COPY', 'UNKNOWN_DATASET', 'STORE_BUSY'])
