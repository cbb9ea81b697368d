import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '../lib/runs/identity.ts'
import { verifyArtifact } from '../lib/stores/objects/artifacts.ts'
import { openFolderObjects } from '../lib/stores/objects/folder.ts'
import type { ListedObject, ObjectStore } from '../lib/stores/objects/port.ts'
import { type Queryable, quoteIdentifier } from '../lib/stores/postgres/port.ts'
import { type Fact, runTable } from './compare.ts'

/** What is of this moment or this machine, and differs between two good runs. */
const fleeting: ReadonlySet<string> = new Set([
  'seconds',
  'publishedAt',
  'ageSeconds',
  'url',
  'etag',
  'lastModified',
  // A replay after the publication says that it was published by this run.
  'reason',
])

/** What the tables of the journal, the effects and the outbox hold. */
export async function journalFacts(q: Queryable): Promise<Fact[]> {
  const facts: Fact[] = []
  const { rows: runs } = await q.query<{
    flow: string
    slot: string
    state: string
    error: string | null
    summary: unknown
  }>(`select flow, slot, state, error::text as error, summary from pipeline.run where trigger <> 'message'`)
  for (const { flow, slot, state, error, summary } of runs) {
    const run = `${flow} ${slot}`
    facts.push({ table: runTable, run, key: run, value: error === null ? state : `${state} ${error}` })
    facts.push({ table: 'summary', run, key: run, value: lasting(summary) })
  }
  const { rows: steps } = await q.query<{
    flow: string
    slot: string
    node: string
    item: string
    state: string
    output: unknown
  }>(
    `select r.flow, r.slot, s.node, s.item, s.state, s.output from pipeline.step s join pipeline.run r on r.id = s.run_id
     where r.trigger <> 'message'`,
  )
  for (const { flow, slot, node, item, state, output } of steps) {
    const run = `${flow} ${slot}`
    const key = `${run} ${node} ${item}`
    facts.push({ table: 'step', run, key, value: state }, { table: 'output', run, key, value: lasting(output) })
  }
  const { rows: effects } = await q.query<{ flow: string; slot: string; item: string; value: string }>(
    'select flow, slot, item, value from chaos.effect',
  )
  for (const { flow, slot, item, value } of effects) {
    facts.push({ table: 'effect', run: `${flow} ${slot}`, key: `${flow} ${slot} ${item}`, value })
  }
  const { rows: entries } = await q.query<{ key: string; flow: string; slot: string; value: string }>(
    `select o.key, r.flow, r.slot, o.payload ->> 'value' as value from pipeline.outbox o
     left join pipeline.run r on r.id = o.run_id where o.topic = 'chaos'`,
  )
  for (const { key, flow, slot, value } of entries) facts.push({ table: 'outbox', run: `${flow} ${slot}`, key, value })
  return facts
}

/** What is published: versions, their rows, changes and quarantine, the objects, and what should not be there any more. */
export async function datasetFacts(q: Queryable, folder: string): Promise<Fact[]> {
  const facts: Fact[] = []
  const put = (table: string, key: string, value: string) => facts.push({ table, run: '', key, value })
  const { rows: versions } = await q.query<
    { dataset: string; part: string; version: number; slot: string | null } & Record<string, unknown>
  >(
    `select v.dataset, v.part, v.version, r.slot, v.mode, v.rows::int as rows, v.new_rows::int as new, v.changed_rows::int as changed,
       v.vanished_rows::int as vanished, v.quarantined::int as quarantined, v.sha256, v.artifact_key, v.state_sha256,
       v.warnings from pipeline.version v left join pipeline.run r on r.id = v.run_id`,
  )
  for (const { dataset, part, version, ...rest } of versions) {
    put('version', `${dataset} ${part} ${version}`, canonicalJson(rest))
    // What the portal says has changed, which is known without us.
    put('count', `${dataset} ${version}`, `${rest.new} ${rest.changed} ${rest.vanished}`)
  }
  for (const [table, what] of [
    ['change', 'op, before, after'],
    ['quarantine', 'line, reason, column_name, detail, raw'],
  ] as const) {
    const { rows } = await q.query<{ dataset: string; part: string; version: number; content: string }>(
      `select dataset, part, version, count(*) || ' ' || md5(string_agg(line, E'\\n' order by line collate "C")) as content
       from (select dataset, part, version, jsonb_build_array(${what})::text as line from pipeline.${table}) as lines
       group by dataset, part, version`,
    )
    for (const { dataset, part, version, content } of rows) put(table, `${dataset} ${part} ${version}`, content)
  }
  for (const dataset of new Set(versions.map((version) => version.dataset))) {
    const name = dataset.split('.').map(quoteIdentifier).join('.')
    const { rows } = await q.query<{ content: string }>(
      `select count(*) || ' ' || md5(string_agg(line, E'\\n' order by line collate "C")) as content
       from (select (to_jsonb(t) - 'dat_geracao_conjunto_dados')::text as line from ${name} t) as lines`,
    )
    put('rows', dataset, rows[0]?.content ?? '')
  }
  await objectFacts(folder, put)
  for (const name of await leftovers(q, folder)) put('leftover', name, 'still there')
  return facts
}

type Put = (table: string, key: string, value: string) => void

/** Artifacts by their key, which is their hash; everything else by its content, since its key is new in each load. */
async function objectFacts(folder: string, put: Put): Promise<void> {
  const objects = await openFolderObjects({ folder: join(folder, 'objects') })
  try {
    for await (const { key, bytes } of all(objects)) {
      const sha256 = /^artifacts\/sha256\/.*\/([0-9a-f]{64})$/.exec(key)?.[1]
      if (sha256 === undefined)
        put('object', `${key.slice(0, key.lastIndexOf('/'))} ${await contentHash(objects, key)}`, 'there')
      else put('object', key, `${bytes} ${(await verifyArtifact(objects, sha256)).bytes}`)
    }
  } finally {
    await objects.close()
  }
}

async function* all(objects: ObjectStore): AsyncGenerator<ListedObject> {
  let after: string | undefined
  do {
    const page = await objects.list('', after === undefined ? {} : { after })
    yield* page.objects
    after = page.next
  } while (after !== undefined)
}

async function contentHash(objects: ObjectStore, key: string): Promise<string> {
  const hash = createHash('sha256')
  const { body } = await objects.get(key)
  for await (const chunk of body) hash.update(chunk)
  return hash.digest('hex').slice(0, 16)
}

/** What an interrupted load left behind: staging tables that nobody has announced for removal, and scratch files. */
async function leftovers(q: Queryable, folder: string): Promise<string[]> {
  const { rows } = await q.query<{ name: string }>(
    `select schemaname || '.' || tablename as name from pg_tables where schemaname like '%\\_data'
     except select table_schema || '.' || table_name from pipeline.version
     except select unnest(tables) from pipeline.load where run_id is null
     union all select 'load ' || id::text from pipeline.load where run_id is not null`,
  )
  const files = await readdir(join(folder, 'scratch'), { recursive: true, withFileTypes: true }).catch(() => [])
  return [
    ...rows.map((row) => row.name),
    ...files.filter((file) => file.isFile() && !file.name.startsWith('.')).map((file) => file.name),
  ]
}

function lasting(value: unknown): string {
  return canonicalJson(
    JSON.parse(JSON.stringify(value ?? null), (name: string, part: unknown) => (fleeting.has(name) ? undefined : part)),
  )
}
