import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { Validator } from '@seriousme/openapi-schema-validator'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { type Api, createApi } from '../../lib/api/api.ts'
import { datasetRoutes } from '../../lib/api/routes/datasets/index.ts'
import { parser, Type } from '../../lib/schema.ts'
import { memoryLog, openSurroundings, type Surroundings } from '../runs/surroundings.ts'
import { publish } from '../steps/dataset/query/published.ts'
import { gateOf, requestOf, serve } from './serve.ts'

const total = 12_000

describe('datasets over REST', { timeout: 180_000 }, () => {
  let surroundings: Surroundings
  let api: Api
  const log = memoryLog()
  before(async () => {
    surroundings = await openSurroundings('server')
    const context = {
      stores: surroundings.stores,
      clock: { now: () => new Date() },
      log,
      search: { collection: 'documentos' },
    }
    const info = { title: 'Data', version: '1.2.3', description: 'What is held.', root: '/api/v1' }
    api = createApi({ routes: datasetRoutes, gate: gateOf(), context: () => context, info, log })
    await publish(surroundings.stores.postgres, 1, total)
  })
  after(() => surroundings.close())

  const get = async (target: string, headers: Record<string, string> = {}) => {
    const { body, ...rest } = await api.handle(requestOf(target, { headers }))
    const chunks: Buffer[] = []
    if (typeof body === 'string' || body instanceof Uint8Array) chunks.push(Buffer.from(body))
    else if (body !== undefined) for await (const chunk of body) chunks.push(Buffer.from(chunk))
    return { ...rest, bytes: Buffer.concat(chunks), text: Buffer.concat(chunks).toString() }
  }
  const json = async (target: string) => {
    const { status, text } = await get(target)
    assert.equal(status, 200, text)
    return JSON.parse(text)
  }
  const numbers = async (query: string): Promise<number[]> =>
    (await json(`/datasets/aneel.prova?fields=numero&${query}`)).rows.map(({ numero }: { numero: number }) => numero)

  it('lists what is held, with source and age', async () => {
    const { datasets } = await json('/datasets')
    const [{ ageSeconds, publishedAt, retrievedAt, ...first }] = datasets
    assert.deepEqual(first, {
      ...{ dataset: 'aneel.prova', title: { 'pt-BR': 'Prova', 'en-US': 'Test' }, cadence: null, rows: total },
      ...{ version: 1, tier: 'primary', attribution: 'Fonte: ANEEL, licença ODbL' },
    })
    assert.ok(ageSeconds >= 0 && Date.parse(publishedAt) > 0)
    assert.equal(retrievedAt, publishedAt, 'no look at a source was noted')
  })

  it('describes columns; a row fits its schema', async () => {
    const { row, columns, key, provenance } = await json('/datasets/aneel.prova/schema')
    assert.deepEqual(key, ['numero'])
    assert.equal(columns.find(({ name }: { name: string }) => name === 'valor').scale, 4)
    assert.equal(provenance.attribution, 'Fonte: ANEEL, licença ODbL')
    const check = parser(Type.Unsafe<unknown>(row), 'row')
    const { rows } = await json('/datasets/aneel.prova?limit=50')
    for (const each of rows) assert.deepEqual(check.problems(each), [])
    assert.notDeepEqual(check.problems({ ...rows[0], cnpj: 7 }), [])
  })

  it('filters by every operator', async () => {
    assert.deepEqual(await numbers('numero=7'), [7])
    assert.deepEqual(await numbers('numero.eq=7'), [7])
    assert.deepEqual(await numbers('numero.gte=5&numero.lt=8&sort=numero'), [5, 6, 7])
    assert.deepEqual(await numbers('numero.gt=5&numero.lte=8&numero.ne=7&sort=-numero'), [8, 6])
    assert.deepEqual(await numbers('numero.in=3,1,99999999&sort=numero'), [1, 3])
    assert.deepEqual(await numbers('numero.between=10,12&sort=numero'), [10, 11, 12])
    assert.deepEqual(await numbers('numero.lte=4&numero.not_in=1,2&sort=numero'), [3, 4])
    assert.deepEqual(await numbers('agente.null=true&numero.lte=20&sort=numero'), [10, 20])
    assert.equal((await numbers('agente.null=false&numero.lte=20')).length, 18)
    assert.deepEqual(await numbers('valor=2.0002'), [2])
    assert.deepEqual(await numbers('mes=2020-02&numero.lte=12'), [1])
    const agent = `Distribuidora "3" d'água`
    const query = new URLSearchParams({ agente: agent, 'numero.lte': '10' })
    assert.deepEqual(await numbers(`${query}&sort=numero`), [3])
    const list = new URLSearchParams({ 'agente.in': `"${agent.replaceAll('"', '""')}",other`, 'numero.lte': '9' })
    assert.deepEqual(await numbers(String(list)), [3])
    assert.deepEqual(await numbers('agente.contains=ÁGUA&numero=3'), [3])
    assert.deepEqual(await numbers('agente.begins=Distribuidora&numero=3'), [3])
  })

  it('says what is wrong with a query, and what there is', async () => {
    const cases: [string, number, string, RegExp][] = [
      ['numeroo=7', 400, 'QUERY_COLUMN', /it has agente, numero.*Is numero meant/],
      ['limt=7', 400, 'QUERY_COLUMN', /Is limit meant/],
      ['sort=-x', 400, 'QUERY_COLUMN', /no column x/],
      ['fields=__proto__', 400, 'QUERY_COLUMN', /no column __proto__/],
      ['constructor=1', 400, 'QUERY_COLUMN', /no column constructor/],
      ['numero.like=7', 400, 'QUERY_CONDITION', /eq, ne, gt/],
      ['numero=1&numero=2', 400, 'QUERY_CONDITION', /numero\.in/],
      ['numero.null=yes', 400, 'QUERY_CONDITION', /true or false/],
      ['numero=abc', 400, 'QUERY_VALUE', /whole number/],
      ['mes=2020-13', 400, 'QUERY_VALUE', /month/],
      ['limit=10001', 400, 'API_PARAMETER', /<= 10000/],
      ['after=xyz', 400, 'QUERY_AFTER', /first page/],
      ['as_of=yesterday', 400, 'QUERY_VALUE', /2026-07-01/],
      ['as_of=2001-01-01', 410, 'AS_OF_NOT_KEPT', /earliest day/],
      ['format=csv&after=x', 400, 'API_PARAMETER', /has all rows/],
      ['format=xml', 400, 'API_PARAMETER', /json, csv, ndjson, parquet/],
    ]
    for (const [query, status, code, words] of cases) {
      const answer = await get(`/datasets/aneel.prova?${query}`)
      const problem = JSON.parse(answer.text)
      assert.deepEqual([answer.status, problem.code], [status, code], `${query}: ${answer.text}`)
      assert.match(problem.detail, words)
    }
    assert.equal((await get('/datasets/aneel.outra')).status, 404)
    assert.equal((await get("/datasets/x';drop")).status, 404)
    const refused = await get('/datasets/aneel.prova', { accept: 'image/png' })
    assert.equal(refused.status, 406)
    assert.match(refused.text, /text\/csv/)
  })

  it('pages fit together, and the Link header leads on', async () => {
    const seen: number[] = []
    let target: string | undefined = '/datasets/aneel.prova?numero.lte=1050&sort=-mes&limit=100&fields=numero'
    let pages = 0
    while (target !== undefined) {
      const { text, headers } = await get(target)
      const { rows, next, provenance } = JSON.parse(text)
      seen.push(...rows.map(({ numero }: { numero: number }) => numero))
      pages += 1
      assert.equal(provenance.version, 1)
      const link: string | undefined = /^<(\?[^>]*)>; rel="next"$/.exec(headers.link ?? '')?.[1]
      assert.equal(link === undefined, next === null)
      target = link === undefined ? undefined : `/datasets/aneel.prova${link}`
    }
    assert.equal(pages, 11)
    assert.deepEqual(
      seen.sort((a, b) => a - b),
      Array.from({ length: 1_050 }, (_, at) => at + 1),
    )
  })

  it('numbers are numbers, or every digit as it is stored', async () => {
    const [one] = (await json('/datasets/aneel.prova?numero=3')).rows
    assert.deepEqual([one.valor, one.mes, one.cnpj], [3.0003, '2020-04-01', '00000000000003'])
    const [text] = (await json('/datasets/aneel.prova?numero=3&numbers=text')).rows
    assert.deepEqual([text.valor, text.numero], ['3.0003', '3'])
  })

  it('streams all rows in the other formats, with its provenance in headers', async () => {
    const server = await serve(api)
    const ask = (accept: string, query = '') =>
      fetch(`${server.url}/datasets/aneel.prova${query}`, { headers: { 'x-api-key': 'all', accept } })
    try {
      const csv = await ask('text/csv')
      assert.equal(csv.headers.get('x-ysh-version'), '1')
      assert.equal(csv.headers.get('x-ysh-attribution'), 'Fonte: ANEEL, licenca ODbL')
      const rows: string[][] = parse(await csv.text(), { record_delimiter: '\r\n' })
      assert.equal(rows.length, total + 1)
      const ndjson = await (await ask('application/x-ndjson', '?numero.lte=2500')).text()
      assert.equal(ndjson.trimEnd().split('\n').length, 2_500)
      const parquet = Buffer.from(await (await ask('application/vnd.apache.parquet', '?sort=numero')).arrayBuffer())
      const folder = await mkdtemp(join(tmpdir(), 'api-rows-'))
      const duck = await DuckDBInstance.create()
      try {
        await writeFile(join(folder, 'a.parquet'), parquet)
        const connection = await duck.connect()
        const sql = `select count(*) as n, sum(numero) as s, sum(valor) as v, count(agente) as a from '${join(folder, 'a.parquet')}'`
        const found = (await connection.runAndReadAll(sql)).getRowObjectsJson()
        const sum = (total * (total + 1)) / 2
        const value = (BigInt(sum) * 10_001n).toString()
        assert.deepEqual(found, [
          { n: String(total), s: String(sum), v: `${value.slice(0, -4)}.${value.slice(-4)}`, a: String(total * 0.9) },
        ])
        connection.closeSync()
      } finally {
        duck.closeSync()
        await rm(folder, { recursive: true, force: true })
      }
      assert.equal((await get('/datasets/aneel.prova?format=ndjson&limit=3')).text.split('\n').length, 4)
    } finally {
      await server.close()
    }
  })

  it('gives the connection back, whoever goes when', async () => {
    const open = async () => {
      const { rows } = await surroundings.stores.postgres.query<{ n: number }>(
        'select count(*)::int4 as n from pg_stat_activity where datname = current_database()',
      )
      return rows[0]?.n ?? 0
    }
    await get('/datasets')
    const before = await open()
    for (let round = 0; round < 10; round += 1) {
      await api.handle(requestOf('/datasets/aneel.prova?format=csv&numero.lte=3000', { method: 'HEAD' }))
      const { body } = await api.handle(requestOf('/datasets/aneel.prova?format=csv&numero.lte=3000'))
      assert.ok(typeof body === 'object' && Symbol.asyncIterator in body)
      const reader = body[Symbol.asyncIterator]()
      if (round % 2 === 0) await reader.next()
      await reader.return?.()
    }
    assert.ok((await open()) <= before + 1, 'no connection stays open')
    await Promise.all(Array.from({ length: 20 }, () => get('/datasets/aneel.prova?limit=1')))
    const pooled = await open()
    const held = await Promise.all(
      Array.from({ length: 20 }, () => api.handle(requestOf('/datasets/aneel.prova?format=csv'))),
    )
    const statuses = held.map(({ status }) => status).sort((a, b) => a - b)
    assert.deepEqual(statuses, [...Array(8).fill(200), ...Array(12).fill(503)])
    assert.ok((await open()) <= pooled + 8, 'those that were refused have opened none')
    for (const { body } of held) {
      if (typeof body === 'object' && Symbol.asyncIterator in body) await body[Symbol.asyncIterator]().return?.()
    }
    assert.equal((await get('/datasets/aneel.prova?format=csv&limit=1')).status, 200, 'there is room again')
  })

  it('answers 304 until something is published', async () => {
    for (const target of [
      '/datasets/aneel.prova?numero=3',
      '/datasets/aneel.prova?format=csv&numero=3',
      '/datasets/aneel.prova/schema',
    ]) {
      const first = await get(target)
      assert.match(first.headers.etag ?? '', /^W\//, target)
      assert.ok(first.headers['last-modified'])
      const tagged = await get(target, { 'if-none-match': first.headers.etag ?? '', 'accept-encoding': 'gzip' })
      assert.deepEqual([tagged.status, tagged.text, tagged.headers.etag], [304, '', first.headers.etag])
      const since = await get(target, { 'if-modified-since': new Date().toUTCString() })
      assert.equal(since.status, 304)
    }
    const one = await get('/datasets/aneel.prova?numero=3')
    for (const other of ['numero=4', 'numero=3&limit=5', 'numero=3&numbers=text', 'numero=3&format=csv']) {
      assert.notEqual((await get(`/datasets/aneel.prova?${other}`)).headers.etag, one.headers.etag)
    }
    await publish(surroundings.stores.postgres, 2, total)
    const again = await get('/datasets/aneel.prova?numero=3', { 'if-none-match': one.headers.etag ?? '' })
    assert.equal(again.status, 200)
    assert.equal(JSON.parse(again.text).provenance.version, 2)
  })

  it('its OpenAPI document is valid, and has a path for each dataset', async () => {
    const document = await json('/openapi.json')
    const { valid, errors } = await new Validator().validate(structuredClone(document))
    assert.ok(valid, JSON.stringify(errors))
    const { get: operation } = document.paths['/datasets/aneel.prova']
    const names: string[] = operation.parameters.map(({ name }: { name: string }) => name)
    assert.ok(names.includes('numero.gte') && names.includes('agente.contains') && names.includes('as_of'))
    assert.equal(operation.operationId, 'getRowsAneelProva')
    const { schemas } = document.components
    const answer = { $ref: '#/components/schemas/GetRowsAneelProvaAnswer' }
    assert.deepEqual(operation.responses['200'].content['application/json'].schema, answer)
    assert.deepEqual(schemas.GetRowsAneelProvaAnswer.properties.rows.items, { $ref: '#/components/schemas/AneelProva' })
    assert.deepEqual(schemas.AneelProva.properties.mes.type, ['string', 'null'])
    assert.deepEqual(schemas.AneelProva.required, [], '`fields` leaves columns out')
    const page = await get('/docs', { 'x-api-key': '' })
    assert.match(page.headers['content-security-policy'] ?? '', /default-src 'none'/)
    assert.doesNotMatch(page.text, /<script|https?:\/\/(?!github)/)
    assert.match(page.text, /aneel\.prova/)
    assert.match(page.text, /curl --compressed/)
    assert.doesNotMatch(page.text, /#\/components/, 'each answer can be read alone')
    assert.match(page.text, /retrievedAt/)
  })

  it('no query of any kind makes it fail', async () => {
    const name = fc.oneof(
      fc.constantFrom(
        'numero',
        'agente',
        'valor',
        'mes',
        'cnpj',
        'sort',
        'fields',
        'limit',
        'after',
        'as_of',
        'format',
        'numbers',
      ),
      fc.string({ unit: 'binary', maxLength: 20 }),
    )
    const suffix = fc.constantFrom('', '.eq', '.ne', '.gt', '.in', '.between', '.contains', '.begins', '.null', '.x')
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom(
        "' or 1=1 --",
        '1e999',
        '99999999999999999999',
        '2020-02-30',
        '0000-01-01',
        'NaN',
        '-',
        ',,',
        '"',
        '2026-07-01',
      ),
    )
    const query = fc.array(fc.tuple(name, suffix, value), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(query, async (parts) => {
        const search = new URLSearchParams(
          parts.map(([column, op, text]): [string, string] => [`${column}${op}`, text]),
        )
        const { status, text } = await get(`/datasets/aneel.prova?limit=2&${search}`)
        assert.ok(status < 500, `${status} for ${search}: ${text.slice(0, 500)} ${log.lines.at(-1)}`)
      }),
      { numRuns: 150 },
    )
  })
})
