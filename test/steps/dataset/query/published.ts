import { parseContract } from '../../../../lib/steps/dataset/contract.ts'
import { datasetMigrations } from '../../../../lib/steps/dataset/load/migrations.ts'
import { insertVersion } from '../../../../lib/steps/dataset/load/registry.ts'
import { switchView } from '../../../../lib/steps/dataset/load/view.ts'
import { migrate } from '../../../../lib/stores/postgres/migrate.ts'
import type { PostgresStore } from '../../../../lib/stores/postgres/port.ts'

const contract = parseContract({
  dataset: 'aneel.prova',
  title: { 'pt-BR': 'Prova', 'en-US': 'Test' },
  attribution: 'Fonte: ANEEL, licença ODbL',
  columns: [
    { name: 'agente', source: 'Agente', type: 'text' },
    { name: 'numero', source: 'Numero', type: 'integer' },
    { name: 'valor', source: 'Valor', type: 'decimal', scale: 4 },
    { name: 'mes', source: 'Mes', type: 'month' },
    { name: 'cnpj', source: 'Cnpj', type: 'cnpj' },
  ],
  key: ['numero'],
  repeats: 'number',
  gates: [],
})

/** Publishes a version of `aneel.prova` with so many rows, the way a full load does. */
export async function publish(store: PostgresStore, version: number, rows: number): Promise<void> {
  await migrate(store, datasetMigrations)
  await store.transaction(async (tx) => {
    await tx.query('create schema if not exists aneel')
    const table = `prova_v${version}`
    await tx.query(
      `create table aneel.${table} as select
         case when n % 10 = 0 then null else 'Distribuidora "' || n % 7 || '" d''água' end as agente,
         n::int8 as numero, (n * 1.0001)::numeric(20,4) as valor,
         (date '2020-01-01' + (n % 12) * interval '1 month')::date as mes, lpad(n::text, 14, '0') as cnpj,
         n::int8 as _kh, n::int8 as _h, 0 as _n
       from generate_series(1, ${rows}) n`,
      [],
      { timeoutMs: 120_000 },
    )
    await insertVersion(tx, {
      ...{
        dataset: contract.dataset,
        part: '',
        version,
        mode: 'full',
        schema: 'aneel',
        table,
        fingerprint: 'f',
        contract,
      },
      columns: [
        { name: 'agente', type: 'text' },
        { name: 'numero', type: 'bigint' },
        { name: 'valor', type: 'numeric' },
        { name: 'mes', type: 'date' },
        { name: 'cnpj', type: 'text' },
      ],
      ...{ rows, new: rows, changed: 0, vanished: 0, quarantined: 0, sha256: String(version), bytes: 1 },
      ...{ artifactKey: null, stateKey: null, stateSha256: null, generatedOn: null, dialect: {}, profile: {} },
      source: { tier: 'primary', why: [], url: '', resourceId: '', etag: '', lastModified: '', portalStamp: '' },
      ...{ warnings: [], seconds: 0, runId: null },
    })
    await switchView(tx, contract)
  })
}
