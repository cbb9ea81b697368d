import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { parse } from 'csv-parse/sync'
import { connect } from '../api/events/serving.ts'
import { type EmbeddedFolder, embeddedFolder } from '../helpers/embedded-folder.ts'
import { type FlowNode, hasTerminals, type NodeRed, packageFolder, startNodeRed } from '../helpers/node-red.ts'
import { type Portal, startPortal } from '../portal/server.ts'
import { mergedFlows } from './merged.ts'

const fetched = ['aneel.bandeira_acionamento', 'aneel.bandeira_adicional', 'aneel.tarifas', 'aneel.mmgd']
const hasCurl = spawnSync('curl', ['--version']).status === 0
const skip = hasTerminals ? false : 'no script of util-linux on this machine: nothing to show the first key on'

describe('flows/api.json beside flows/hourly.json', { skip, timeout: 240_000 }, () => {
  let portal: Portal
  let folder: EmbeddedFolder
  let red: NodeRed
  let key = ''

  const flows: FlowNode[] = mergedFlows('flows/hourly.json', 'flows/api.json').map((node) => {
    if (node.type === 'ysh-run') return { ...node, schedule: '' }
    if (node.id === 'ysh-hourly-each') return { ...node, list: fetched }
    // a test waits for no minute
    if (node.id === 'ysh-serve-minute') return { ...node, repeat: '0.5' }
    return node.type === 'debug' ? { ...node, console: true } : node
  })
  const start = (env: Record<string, string> = {}, userDir?: string) =>
    startNodeRed({
      ...{ flows, terminal: true, ...(userDir === undefined ? {} : { userDir }) },
      env: {
        ...env,
        ...{ YSH_DATA_FOLDER: folder.path, YSH_INTERNAL_HOSTS: '127.0.0.1', YSH_ANEEL_URL: portal.url },
        // nobody answers there, also where the machine has an Ollama server
        ...{ YSH_OLLAMA_URL: 'http://127.0.0.1:9', YSH_RETRY_SECONDS: '0.1' },
      },
    })
  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${red.url}/api/v1${path}`, {
      headers: { authorization: `Bearer ${key}`, ...headers },
      signal: AbortSignal.timeout(30_000),
    })
  const json = async (path: string) => {
    const answer = await ask(path)
    const body = await answer.text()
    assert.equal(answer.status, 200, `${path}: ${body}`)
    return JSON.parse(body)
  }
  const anonymous = (path: string, method = 'GET') =>
    fetch(`${red.url}/api/v1${path}`, { method, signal: AbortSignal.timeout(30_000) })
  const until = async (what: string, condition: () => boolean | Promise<boolean>) => {
    const deadline = Date.now() + 60_000
    while (!(await condition())) {
      assert.ok(Date.now() < deadline, `never: ${what}\n${red.shown()}\n${red.output().slice(-6_000)}`)
      await sleep(50)
    }
  }
  const rowsOf = (name: string) => portal.downloads().find(({ dataset }) => dataset === name)?.rows

  before(async () => {
    portal = await startPortal({
      datasets: { bandeira_acionamento: 120, bandeira_adicional: 20, tarifas: 300, mmgd: 300 },
    })
    folder = await embeddedFolder()
    red = await start()
  })
  after(async () => {
    await red?.dispose()
    if (red !== undefined) await rm(red.userDir, { recursive: true, force: true, maxRetries: 5 })
    await portal?.close()
    await folder?.remove()
  })

  test('brings no config node that the other flow has under another id', () => {
    const types = flows.filter(({ z, type }) => z === undefined && type !== 'tab').map(({ type }) => type)
    assert.deepEqual(
      types.filter((type, at) => types.indexOf(type) !== at),
      // the portal and its backups
      ['ysh-aneel-portal'],
    )
  })

  test('the first key is shown on the terminal, and not in the log', async () => {
    await until('the key is shown', () => /ysh_\w{20,}/.test(red.shown()))
    key = /ysh_\w{20,}/.exec(red.shown())?.[0] ?? ''
    assert.equal(red.shown().split('ysh_').length, 2, red.shown())
    assert.ok(!red.output().includes(key.slice(-20)))
    assert.deepEqual((await json('/datasets')).datasets, [])
  })

  test('subscribers hear of versions as the hourly flow publishes them', async () => {
    const hello = { type: 'hello', key, topics: [{ type: 'version' }] }
    const subscriber = connect(`${red.url.replace('http', 'ws')}/api/v1/ws`, hello)
    await until('it is subscribed', () => subscriber.got[0]?.type === 'subscribed')
    const pressed = await fetch(`${red.url}/ysh/ysh-run/ysh-hourly-run/press`, { method: 'POST' })
    assert.ok(pressed.ok, await pressed.text())
    await until('every version is heard of', () => subscriber.events().length >= fetched.length)
    assert.deepEqual(
      subscriber
        .events()
        .map(({ topic }) => topic?.subject)
        .sort(),
      [...fetched].sort(),
    )
    assert.partialDeepStrictEqual(
      subscriber.events().find(({ topic }) => topic?.subject === 'aneel.tarifas'),
      { data: { version: 1, tier: 'primary', rows: rowsOf('tarifas') } },
    )
    subscriber.client.close()
    await red.line(/\[debug:Assinantes\][^[]*came/)
    await red.line(/\[debug:Resumo\]/)
  })

  test('rows come as JSON, CSV, NDJSON and Parquet, and as 304 to who has them', async () => {
    const rows = rowsOf('tarifas') ?? 0
    const page = await ask('/datasets/aneel.tarifas?limit=10000')
    const { rows: list, provenance } = JSON.parse(await page.text())
    assert.equal(list.length, rows)
    assert.partialDeepStrictEqual(provenance, {
      ...{ dataset: 'aneel.tarifas', version: 1, tier: 'primary', rows },
    })
    assert.match(provenance.attribution, /ANEEL.*ODbL/)
    const csv = await ask('/datasets/aneel.tarifas', { accept: 'text/csv' })
    assert.equal(csv.headers.get('x-ysh-version'), '1')
    assert.equal(parse(await csv.text(), { columns: true }).length, rows)
    const lines = await ask('/datasets/aneel.tarifas', { accept: 'application/x-ndjson' })
    assert.equal(
      (await lines.text())
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)).length,
      rows,
    )
    const parquet = await ask('/datasets/aneel.tarifas', { accept: 'application/vnd.apache.parquet' })
    assert.equal(await parquetRows(Buffer.from(await parquet.arrayBuffer())), rows)
    const held = await ask('/datasets/aneel.tarifas?limit=10000', { 'if-none-match': page.headers.get('etag') ?? '' })
    assert.deepEqual([held.status, await held.text()], [304, ''])
  })

  test('usual questions, search, runs, the document and its page', async () => {
    const tariffs = await json('/tariffs/current?subgroup=B1&lapsed=true')
    assert.ok(tariffs.tariffs.length > 0, JSON.stringify(tariffs))
    const { flag } = await json('/bandeira')
    assert.match(flag.bandeira, /^(Verde|Amarela|Vermelha)/)
    const { totals } = await json('/mmgd/totals?by=uf')
    const units = totals.map((total: { units: number }) => total.units)
    assert.equal(
      units.reduce((sum: number, one: number) => sum + one),
      rowsOf('mmgd'),
    )
    const { hits } = await json('/search?q=bandeira%20vermelha')
    assert.match(hits[0].citation.document, /^aneel\.bandeira_/)
    const { runs } = await json('/runs?state=done')
    assert.equal(runs.length, 1)
    const { steps } = await json(`/runs/${runs[0].id}`)
    assert.ok(steps.length > fetched.length)
    const document = await json('/openapi.json')
    for (const name of fetched) assert.ok(`/datasets/${name}` in document.paths, name)
    const docs = await anonymous('/docs')
    assert.match(docs.headers.get('content-type') ?? '', /^text\/html/)
    assert.match(await docs.text(), /aneel\.tarifas/)
  })

  test('the same in GraphQL', async () => {
    const answer = await fetch(`${red.url}/api/v1/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        query: '{ aneelMmgd(first: 2) { rows { sig_uf } provenance { version } } currentFlag { flag { bandeira } } }',
      }),
    })
    const { data, errors } = JSON.parse(await answer.text())
    assert.equal(errors, undefined)
    assert.deepEqual([data.aneelMmgd.rows.length, data.aneelMmgd.provenance.version], [2, 1])
    assert.equal(typeof data.currentFlag.flag.bandeira, 'string')
  })

  test('the commands of the README', { skip: hasCurl ? false : 'no curl on this machine' }, async () => {
    const [, section = ''] = readFileSync(join(packageFolder, 'README.md'), 'utf8').split('## Ask for the data')
    const [, commands = ''] = section.split(/```(?:sh)?\n/)
    assert.equal(commands.split('\ncurl ').length, 8, commands)
    const here = commands.replace('http://127.0.0.1:1880', red.url).replace('ysh_…', key)
    const { stdout } = await promisify(execFile)('sh', ['-euc', `alias curl='curl -fsS -w "\n"'\n${here}`], {
      timeout: 30_000,
    })
    assert.match(stdout, /"bandeira":/)
    const [, tariffs = ''] = stdout.split('\n')
    // those of the replica end one day
    assert.ok(Array.isArray(JSON.parse(tariffs).tariffs), tariffs)
  })

  test('who has no key is refused everywhere but at the document and its page; the minute’s line counts it', async () => {
    const { paths }: { paths: Record<string, Record<string, { security: unknown[] }>> } = await json('/openapi.json')
    const open: string[] = []
    let refused = 0
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, { security }] of Object.entries(operations)) {
        const answer = await anonymous(path.replaceAll(/\{\w+\}/g, 'x'), method.toUpperCase())
        await answer.arrayBuffer()
        if (answer.status === 401) refused += 1
        else open.push(`${path} ${answer.status}`)
        assert.equal(security.length === 0, answer.status !== 401, `${method} ${path}`)
      }
    }
    assert.deepEqual(open.sort(), ['/docs 200', '/openapi.json 200'])
    assert.ok(refused > 10 + fetched.length, String(refused))
    assert.equal((await anonymous('/graphql', 'POST')).status, 401)
    const stranger = connect(`${red.url.replace('http', 'ws')}/api/v1/ws`, { type: 'hello', key: 'none', topics: [] })
    assert.ok([4400, 4401].includes((await stranger.closed).code))
    await red.line(/\[debug:Recusas e falhas\][^[]*refused: \{[^}]*API_UNKNOWN_CALLER: \d+/)
    assert.doesNotMatch(red.output(), /failed: \{ \w/)
    // a line for many requests, none for each
    const lines = red.output().split('[debug:Recusas e falhas]').length - 1
    assert.ok(lines < refused / 2, `${lines} lines for ${refused} refusals`)
  })

  test('another name for this machine is refused', async () => {
    assert.deepEqual(await underAnotherName(), [403, 'API_LOOPBACK_ONLY'])
  })

  test('after a restart the key still opens, none is shown again, and the environment says who may come', async () => {
    assert.equal((await red.stop()).orphans, false)
    assert.ok(!red.output().includes(key), 'the key is in no log')
    const { userDir } = red
    red = await start({ YSH_API_REACH: 'everywhere' }, userDir)
    await until('it answers', async () => (await ask('/bandeira')).status === 200)
    assert.equal((await json('/datasets')).datasets.length, fetched.length)
    assert.ok(!red.shown().includes('ysh_') && !red.output().includes(key))
    assert.deepEqual(await underAnotherName(), [200, undefined])
  })

  /** Asks with a Host header that a page in a browser could bring here; status and code of the answer. */
  function underAnotherName(): Promise<[number | undefined, unknown]> {
    const headers = { host: 'evil.example', authorization: `Bearer ${key}` }
    return new Promise((resolve, reject) => {
      request(`${red.url}/api/v1/datasets`, { headers }, async (answer) => {
        resolve([answer.statusCode, JSON.parse(await text(answer)).code])
      })
        .on('error', reject)
        .end()
    })
  }
})

/** Rows of a Parquet file, as DuckDB counts them. */
async function parquetRows(bytes: Buffer): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'api-flow-'))
  const duck = await DuckDBInstance.create()
  try {
    const file = join(folder, 'rows.parquet')
    await writeFile(file, bytes)
    const connection = await duck.connect()
    const result = await connection.runAndReadAll(`select count(*) as n from '${file}'`)
    connection.closeSync()
    return Number(result.getRows()[0]?.[0])
  } finally {
    duck.closeSync()
    await rm(folder, { recursive: true, force: true })
  }
}
