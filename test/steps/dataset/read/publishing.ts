import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Contract, parseContract } from '../../../../lib/steps/dataset/contract.ts'
import { runLoad } from '../../../../lib/steps/dataset/load/load.ts'
import { datasetMigrations } from '../../../../lib/steps/dataset/load/migrations.ts'
import { currentVersion } from '../../../../lib/steps/dataset/load/registry.ts'
import { migrate } from '../../../../lib/stores/postgres/migrate.ts'
import { memoryLog, type Surroundings } from '../../../runs/surroundings.ts'

/** A row as the file has it; null is blank. */
export interface FileRow {
  agente: string
  classe: string | null
  /** With four decimals. */
  valor: string | null
  numero: number | null
  dia: string | null
  quando: string | null
}

/** A contract over {@link FileRow}, with a key that repeats and has blanks, or with none. */
export function contractOf(dataset: string, key: string[]): Contract {
  return parseContract({
    dataset,
    title: { 'pt-BR': 'Passado', 'en-US': 'Past' },
    attribution: 'Fonte: ANEEL, licença ODbL',
    cadence: 'daily',
    columns: [
      { name: 'gerado', source: 'Gerado', type: 'date', volatile: true },
      { name: 'agente', source: 'Agente', type: 'text', notNull: true },
      { name: 'classe', source: 'Classe', type: 'text' },
      { name: 'valor', source: 'Valor', type: 'decimal', scale: 4, unit: 'R$/MWh' },
      { name: 'numero', source: 'Numero', type: 'integer' },
      { name: 'dia', source: 'Dia', type: 'date' },
      { name: 'quando', source: 'Quando', type: 'timestamp' },
    ],
    key,
    repeats: 'number',
    gates: [],
  })
}

/** Publishes a file's rows as the next version of a part, by the real load. Answers the version and its instant, to the microsecond. */
export async function publishRows(
  { stores }: Surroundings,
  contract: Contract,
  part: string,
  rows: readonly FileRow[],
  more: { generated?: string; extraColumn?: string } = {},
): Promise<{ version: number; mode: string; at: string }> {
  await migrate(stores.postgres, datasetMigrations)
  const { generated = '2026-01-01', extraColumn } = more
  const header = [
    'Gerado',
    'Agente',
    'Classe',
    'Valor',
    'Numero',
    'Dia',
    'Quando',
    ...(extraColumn ? [extraColumn] : []),
  ]
  const lines = rows.map(({ agente, classe, valor, numero, dia, quando }) =>
    [generated, agente, classe, valor?.replace('.', ','), numero, dia, quando, ...(extraColumn ? ['x'] : [])]
      .map((value) => (value === null || value === undefined ? '' : `"${String(value).replaceAll('"', '""')}"`))
      .join(';'),
  )
  const text = `${header.join(';')}\n${lines.map((line) => `${line}\n`).join('')}`
  const file = join(stores.scratch, `${contract.dataset}.csv`)
  await writeFile(file, text)
  const result = await runLoad(
    {
      ...{ file, contract, part, run: null, keepPersonal: [], bytes: Buffer.byteLength(text), artifactKey: null },
      sha256: createHash('sha256').update(text).digest('hex'),
      source: { tier: 'primary', why: [], url: '', resourceId: '', etag: '', lastModified: '', portalStamp: '' },
      base: (await currentVersion(stores.postgres, contract.dataset, part)) ?? null,
    },
    { stores, signal: new AbortController().signal, log: memoryLog(), progress() {} },
  )
  const { rows: found } = await stores.postgres.query<{ at: string }>(
    `select to_char(published_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at from pipeline.version
     where dataset = $1 and part = $2 and version = $3`,
    [contract.dataset, part, result.version],
  )
  return { version: result.version, mode: result.mode, at: found[0]?.at ?? '' }
}
