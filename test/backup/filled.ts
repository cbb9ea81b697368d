import { createHash } from 'node:crypto'
import { createKey } from '../../lib/api/access/keys.ts'
import { type Api, createApi } from '../../lib/api/api.ts'
import { allRoutes } from '../../lib/api/routes/index.ts'
import { readStructure } from '../../lib/backup/structure.ts'
import { allMigrations } from '../../lib/cli/migrations.ts'
import { createEngine, type RunEngine } from '../../lib/runs/engine.ts'
import { enqueueOutbox } from '../../lib/runs/outbox.ts'
import type { RunRef } from '../../lib/runs/run.ts'
import { parser, Type } from '../../lib/schema.ts'
import { pdfExtract } from '../../lib/steps/pdf/step.ts'
import { PdfConfigSchema } from '../../lib/steps/pdf/step-schema.ts'
import { defineStep } from '../../lib/steps/step.ts'
import { IndexInputSchema } from '../../lib/steps/vector/index-schema.ts'
import { putArtifact } from '../../lib/stores/objects/artifacts.ts'
import { migrate, type PostgresStore } from '../../lib/stores/postgres/index.ts'
import type { Stores } from '../../lib/stores/stores.ts'
import { gateOf, requestOf } from '../api/serve.ts'
import { seedFailedRun } from '../cli/seeds.ts'
import type { Fetching } from '../helpers/fetching.ts'
import { tinyPdf } from '../helpers/tiny-pdf.ts'
import type { Portal } from '../portal/server.ts'
import { memoryLog, noHttp } from '../runs/surroundings.ts'
import { contextOf, stepsOver } from '../steps/vector/surroundings.ts'

const Count = Type.Object({ n: Type.Number() }, { additionalProperties: false })
/** A step that counts how often it was really done. */
export const done: number[] = []
const countStep = defineStep({
  name: 'count',
  version: 1,
  config: Type.Object({}),
  input: Count,
  output: Count,
  async run({ n }) {
    done.push(n)
    return { n: n + 1 }
  },
})

/** Executes a step of a run. */
export const execute = (engine: RunEngine, run: RunRef, node: string, n: number) =>
  engine.execute({
    ...{ step: countStep, config: {}, node, input: { n }, run },
    signal: new AbortController().signal,
  })

/** An engine over stores. */
export const engineOver = (stores: Stores, owner: string): Promise<RunEngine> =>
  createEngine({ stores, http: noHttp, log: memoryLog(), owner })

/** A pipeline in which something of everything is kept. */
export interface Filled {
  /** The run that is not finished; its step `first` is done. */
  unfinished: string
  document: string
  apiKey: string
  /** Whether vectors are among it. */
  vectors: boolean
  short: boolean
}

/** Fills a store (a short one without vectors and MMGD): versions with history and quarantine, a journal with an unfinished run, outbox, dead letters, vectors, answers of models, keys. */
export async function fill({ stores, fetch }: Fetching, portal: Portal, { short = false } = {}): Promise<Filled> {
  const { postgres } = stores
  const vectors = !short && (await knowsVectors(postgres))
  await migrate(postgres, allMigrations)
  await postgres.query('select pipeline.want_events(24)')
  for (const dataset of ['tarifas', 'bandeira_acionamento', 'bandeira_adicional', ...(short ? [] : ['mmgd'])]) {
    await fetch(`aneel.${dataset}`, { portal: portal.url })
  }
  await portal.publish(1)
  await fetch('aneel.tarifas', { portal: portal.url })
  await postgres.query(
    `insert into pipeline.quarantine (dataset, part, version, line, reason, detail, raw)
     values ('aneel.tarifas', '', 2, 7, 'TYPE', 'not a number: "ção"', E'a;b\\tc')`,
  )
  const text = 'Microgeracao distribuida\nA compensacao de energia paga o Fio B.'
  const { sha256: document } = await putArtifact(stores.objects, tinyPdf(text, 'Segunda pagina: bandeira verde.'))
  if (vectors) {
    const config = parser(PdfConfigSchema, 'config').parse({ tries: 1 })
    const manifest = await pdfExtract.run({ artifact: document, text: 'Norma' }, config, contextOf(stores))
    await stepsOver(stores).index(parser(IndexInputSchema, 'input').parse(manifest), { collection: 'documentos' })
  }
  await postgres.query(
    `insert into pipeline.schedule (flow, expression, time_zone, catch_up, last_slot)
     values ('hourly', '0 * * * *', 'UTC', 'all', clock_timestamp() - interval '10 days')`,
  )
  await seedFailedRun(postgres, 'failing', ['a', 'b'])
  await postgres.transaction((tx) =>
    enqueueOutbox(tx, { key: 'told', topic: 'drill', payload: { told: 'no notification is lost' } }),
  )
  const { key: apiKey } = await createKey(postgres, { name: 'drill' }, 'test')
  const engine = await engineOver(stores, 'before')
  engine.register('unfinished', { send() {} })
  const answer = await engine.start({ flow: 'unfinished', slot: 's', trigger: 'manual', input: {}, overlap: 'queue' })
  if (answer.outcome !== 'started') throw new Error(answer.outcome)
  await execute(engine, answer.run, 'first', 1)
  await engine.close()
  return { unfinished: answer.run.id, document, apiKey, vectors, short }
}

async function knowsVectors(postgres: PostgresStore): Promise<boolean> {
  const { rows } = await postgres.query(`select from pg_available_extensions where name = 'vector'`)
  return rows.length > 0
}

/** What a restore changes on purpose, by table. */
const changed: Record<string, string[]> = {
  run: ['epoch', 'owner', 'crashes', 'claimed_at', 'updated_at'],
  dataset: ['publications'],
  event_state: ['last', 'floor', 'wanted_until'],
  vector_collection: ['writer', 'writer_until', 'fence'],
  schedule: ['last_slot'],
}
const passing = new Set(['process', 'event', 'cache', 'api_rate', 'load'])

/** Number and hash of the rows of every table, without what a restore changes on purpose. */
export async function contents(postgres: PostgresStore): Promise<Record<string, string>> {
  const tables = await postgres.transaction(async (tx) => (await readStructure(tx)).live)
  const found: Record<string, string> = {}
  for (const { shape } of tables) {
    if (passing.has(shape.name)) continue
    const without = (changed[shape.name] ?? []).map((name) => `- '${name}'`).join(' ')
    const { rows } = await postgres.query<{ text: string }>(
      `select count(*) || ' ' || coalesce(md5(string_agg(text, E'\\n' order by text collate "C")), '') as text
       from (select (to_jsonb(t) ${without})::text as text from "${shape.schema}"."${shape.name}" t) rows`,
    )
    found[`${shape.schema}.${shape.name}`] = rows[0]?.text ?? ''
  }
  return found
}

/** The structure without what differs from one database to another. */
export async function structureOf(postgres: PostgresStore) {
  const { live: _, vector: _vector, ...rest } = await postgres.transaction((tx) => readStructure(tx))
  return rest
}

/** Answers of the data API, without ages and ETags. */
export async function answers(
  stores: Stores,
  { document, vectors, short }: Omit<Filled, 'apiKey' | 'unfinished'>,
): Promise<Record<string, string>> {
  const api: Api = createApi({
    routes: allRoutes,
    gate: gateOf(),
    context: () => ({
      stores,
      clock: { now: () => new Date() },
      log: memoryLog(),
      search: { collection: 'documentos' },
    }),
    info: { title: 'Data', version: '1', description: '', root: '/api/v1' },
    log: memoryLog(),
  })
  const { rows } = await stores.postgres.query<{ at: string }>(
    `select to_char((published_at + interval '1 millisecond') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
     from pipeline.version where dataset = 'aneel.tarifas' and version = 1`,
  )
  const targets = [
    '/datasets',
    '/datasets/aneel.tarifas/schema',
    '/datasets/aneel.tarifas?limit=500',
    `/datasets/aneel.tarifas?limit=500&as_of=${encodeURIComponent(rows[0]?.at ?? '')}`,
    ...(short ? [] : ['/datasets/aneel.mmgd?format=csv']),
    ...(vectors ? [`/documents/${document}`, '/search?q=compensacao%20de%20energia'] : []),
  ]
  const found: Record<string, string> = {}
  for (const target of targets) {
    const { status, body } = await api.handle(requestOf(target))
    const chunks: Buffer[] = []
    if (typeof body === 'string' || body instanceof Uint8Array) chunks.push(Buffer.from(body))
    else if (body !== undefined) for await (const chunk of body) chunks.push(Buffer.from(chunk))
    const text = Buffer.concat(chunks)
      .toString()
      .replaceAll(/"(ageSeconds|seconds|took|ms|score)":[0-9.e-]+/g, '')
    found[target] = `${status} ${text.length} ${createHash('sha256').update(text).digest('hex')}`
    if (status !== 200) found[target] += text.slice(0, 300)
  }
  return found
}
