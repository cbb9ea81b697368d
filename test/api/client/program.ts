// Compiled and run by client.test.ts beside the client that is generated there: it uses answers by their types.
import { HttpError, ok } from '@oazapfts/runtime'
import {
  type AneelTarifas,
  currentTariffs,
  defaults,
  getDocument,
  getRowsAneelTarifas,
  listDatasets,
  type Problem,
  search,
} from './client.ts'

const [baseUrl = '', key = ''] = process.argv.slice(2)
defaults.baseUrl = baseUrl
defaults.headers = { 'x-api-key': key }

/** All rows of a query, page by page. */
async function all(query: Omit<Parameters<typeof getRowsAneelTarifas>[0], 'after'>) {
  const rows: AneelTarifas[] = []
  let pages = 0
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<typeof getRowsAneelTarifas>> = await getRowsAneelTarifas(
      after === null ? query : { ...query, after },
    )
    if (page.status !== 200) throw new Error('no page')
    rows.push(...page.data.rows)
    after = page.data.next
    pages += 1
  } while (after !== null)
  return { rows, pages }
}

async function problemOf(asked: ReturnType<typeof getDocument>): Promise<Problem | undefined> {
  const answer = await asked
  return answer.status === 404 ? answer.data : undefined
}

const { datasets } = await ok(listDatasets())
const everything = await all({ limit: 700, fields: ['sig_agente', 'vlr_tusd'] })
const some = await all({ limit: 60, sort: ['-vlr_te'], dscSubGrupo: 'B1', vlrTeGte: '100.5' })
const tariffs = await ok(currentTariffs({ date: '2026-10-10', subgroup: 'B1' }))
const found = await ok(search({ q: 'bandeira verde', limit: 3 }))
const unknown = await problemOf(getDocument({ id: '0'.repeat(64) }))
defaults.headers = {}
const refused = await ok(listDatasets()).catch((error: unknown) => (error instanceof HttpError ? error.status : 0))

const price: number | string | null | undefined = some.rows[0]?.vlr_te
const total: number = tariffs.tariffs.reduce((sum, { tarifa_rs_kwh }) => sum + (tarifa_rs_kwh ?? 0), 0)
const page: number | undefined = found.hits[0]?.citation.page

console.log(
  JSON.stringify({
    datasets: datasets.map(({ dataset, title }) => [dataset, title['pt-BR']]),
    everything: { pages: everything.pages, rows: everything.rows },
    some: { pages: some.pages, rows: some.rows, price },
    tariffs: { total, date: tariffs.date, version: tariffs.provenance.version },
    found: { page, text: found.hits[0]?.text },
    ...{ unknown, refused },
  }),
)
