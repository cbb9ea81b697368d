import { type Contract, parseContract } from '../../../lib/steps/dataset/contract.ts'
import { datasetMigrations } from '../../../lib/steps/dataset/load/migrations.ts'
import { insertVersion } from '../../../lib/steps/dataset/load/registry.ts'
import { switchView } from '../../../lib/steps/dataset/load/view.ts'
import { migrate } from '../../../lib/stores/postgres/migrate.ts'
import type { PostgresStore } from '../../../lib/stores/postgres/port.ts'

const types = {
  text: 'text',
  cnpj: 'text',
  integer: 'bigint',
  decimal: 'numeric',
  date: 'date',
  month: 'date',
  timestamp: 'timestamp',
}
type ColumnType = keyof typeof types

/** A contract with these columns, such as `{ num_cnpj: 'cnpj' }`. */
export function contractOf(
  dataset: string,
  columns: Record<string, ColumnType>,
  key: string[],
  repeats: 'number' | 'quarantine' = 'number',
): Contract {
  return parseContract({
    dataset,
    title: { 'pt-BR': `Prova ${dataset}`, 'en-US': `Test ${dataset}` },
    attribution: 'ANEEL, ODbL',
    columns: Object.entries(columns).map(([name, type]) => ({
      ...{ name, source: name, type },
      ...(type === 'decimal' ? { scale: 5, unit: 'R$/MWh', description: { 'pt-BR': 'Valor', 'en-US': 'Value' } } : {}),
    })),
    ...{ key, repeats, gates: [] },
  })
}

/** Publishes a version whose rows are those of `select`, the way a full load does. `n` counts them. */
export async function publish(
  store: PostgresStore,
  contract: Contract,
  { version = 1, rows, select }: { version?: number; rows: number; select: string },
): Promise<void> {
  await migrate(store, datasetMigrations)
  const [schema = '', name = ''] = contract.dataset.split('.')
  const table = `${name}_v${version}`
  await store.transaction(async (tx) => {
    await tx.query(`create schema if not exists "${schema}"`)
    await tx.query(
      `create table "${schema}"."${table}" as select ${select}, n::int8 as _kh, n::int8 as _h, 0 as _n from generate_series(1, ${rows}) n`,
    )
    await insertVersion(tx, {
      ...{ dataset: contract.dataset, part: '', version, mode: 'full', schema, table, fingerprint: 'f', contract },
      columns: contract.columns.map(({ name, type }) => ({ name, type: types[type] })),
      ...{ rows, new: rows, changed: 0, vanished: 0, quarantined: 0, sha256: String(version), bytes: 1 },
      ...{ artifactKey: null, stateKey: null, stateSha256: null, generatedOn: null, dialect: {}, profile: {} },
      source: { tier: 'primary', why: [], url: '', resourceId: '', etag: '', lastModified: '', portalStamp: '' },
      ...{ warnings: [], seconds: 0, runId: null },
    })
    await switchView(tx, contract)
  })
}

export const agents = contractOf('aneel.agentes', { num_cnpj: 'cnpj', nom_agente: 'text' }, ['num_cnpj'], 'quarantine')
const tariffColumns = {
  num_cnpj_distribuidora: 'cnpj',
  sig_agente: 'text',
  vlr_tusd: 'decimal',
  num_grande: 'integer',
  dat_inicio_vigencia: 'date',
  dat_competencia: 'month',
  dat_hora: 'timestamp',
} as const
export const tariffs = contractOf('aneel.tarifas', tariffColumns, ['num_cnpj_distribuidora', 'sig_agente'])
/** The same with one more column. */
export const widerTariffs = contractOf('aneel.tarifas', { ...tariffColumns, nom_posto: 'text' }, ['sig_agente'])
const tariffSelect = `lpad((n % 50)::text, 14, '0') as num_cnpj_distribuidora, case when n % 10 = 0 then null else 'Agente ' || n % 7 end as sig_agente,
  (n * 1.00001)::numeric(20,5) as vlr_tusd, 9007199254740000 + n::int8 as num_grande, date '2026-01-01' + n % 300 as dat_inicio_vigencia,
  (date '2026-01-01' + (n % 12) * interval '1 month')::date as dat_competencia, timestamp '2026-01-01 02:00' as dat_hora`

/** Publishes 50 agents, of which 40 are there, and 2,000 tariffs, and a dataset with two ways to the agents. */
export async function publishAll(store: PostgresStore): Promise<void> {
  await publish(store, agents, {
    rows: 40,
    select: "lpad(n::text, 14, '0') as num_cnpj, 'Distribuidora ' || n as nom_agente",
  })
  await publish(store, tariffs, { rows: 2_000, select: tariffSelect })
  const market = contractOf('aneel.samp', { num_cnpj_agente: 'cnpj', num_cnpj_acessante: 'cnpj' }, [])
  await publish(store, market, {
    rows: 30,
    select: "lpad(n::text, 14, '0') as num_cnpj_agente, lpad((n + 5)::text, 14, '0') as num_cnpj_acessante",
  })
}

/** Publishes the tariffs anew with another column. */
export function publishWider(store: PostgresStore): Promise<void> {
  return publish(store, widerTariffs, { version: 2, rows: 10, select: `${tariffSelect}, 'Ponta'::text as nom_posto` })
}

/** A store that counts its statements. */
export function counting(store: PostgresStore): { store: PostgresStore; statements: string[] } {
  const statements: string[] = []
  const counted = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (name === 'query') statements.push(String(args[0]))
        return Reflect.apply(value, target, args)
      }
    },
  })
  return { store: counted, statements }
}
