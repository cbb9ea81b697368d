import type { ApiContext } from '../../lib/api/route.ts'
import { parser } from '../../lib/schema.ts'
import { pdfExtract } from '../../lib/steps/pdf/step.ts'
import { PdfConfigSchema } from '../../lib/steps/pdf/step-schema.ts'
import { IndexInputSchema } from '../../lib/steps/vector/index-schema.ts'
import { putArtifact } from '../../lib/stores/objects/artifacts.ts'
import { type Fetching, openFetching } from '../helpers/fetching.ts'
import { startPgvector } from '../helpers/pgvector-server.ts'
import { tinyPdf } from '../helpers/tiny-pdf.ts'
import { type DatasetSizes, type Portal, startPortal } from '../portal/server.ts'
import { contextOf, stepsOver } from '../steps/vector/surroundings.ts'

/** Stores with datasets, a document that was read and indexed, and the portal they came from. */
export interface World {
  portal: Portal
  fetching: Fetching
  context: ApiContext
  /** SHA-256 of the document. */
  document: string
  /** Collection that it is in. */
  collection: string
  /** What was logged as a warning or an error. */
  logged: string[]
  /** Of the database; undefined for the embedded one. */
  url: string | undefined
  close(): Promise<void>
}

const names = [
  'tarifas',
  'bandeira_acionamento',
  'bandeira_adicional',
  'mmgd',
  'componentes_tarifarias',
  'agentes',
] as const
const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** Makes a {@link World}. */
export async function openWorld(
  sizes: DatasetSizes = { tarifas: 2_000, mmgd: 1_000, componentes_tarifarias: 600 },
): Promise<World> {
  const portal = await startPortal({ datasets: sizes })
  const server = await startPgvector()
  // without a server that knows vectors the embedded store serves
  const url = typeof server === 'string' ? undefined : await server.database()
  const fetching = await openFetching({ postgres: url === undefined ? {} : { url } })
  for (const name of names) await fetching.fetch(`aneel.${name}`, { portal: portal.url })
  const document = await readAndIndex(fetching)
  const logged: string[] = []
  const note = (message: string, fields?: object) => {
    logged.push(`${message} ${JSON.stringify(fields)}`)
  }
  return {
    portal,
    fetching,
    document,
    collection: 'documentos',
    logged,
    url,
    context: {
      stores: fetching.stores,
      clock: { now: () => new Date() },
      log: { ...silent, warn: note, error: note },
      search: { collection: 'documentos' },
    },
    async close() {
      await fetching.close()
      await portal.close()
      if (typeof server !== 'string') await server.stop()
    },
  }
}

async function readAndIndex({ stores }: Fetching): Promise<string> {
  const text = 'Microgeracao distribuida\nA compensacao de energia paga o Fio B.'
  const { sha256 } = await putArtifact(stores.objects, tinyPdf(text, 'Segunda pagina: bandeira tarifaria verde.'))
  const config = parser(PdfConfigSchema, 'config').parse({ tries: 1 })
  const manifest = await pdfExtract.run({ artifact: sha256, text: 'Norma de microgeracao' }, config, contextOf(stores))
  await stepsOver(stores).index(parser(IndexInputSchema, 'input').parse(manifest), { collection: 'documentos' })
  return sha256
}
