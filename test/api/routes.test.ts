import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { type Api, createApi } from '../../lib/api/api.ts'
import { allRoutes } from '../../lib/api/routes/index.ts'
import { createEngine } from '../../lib/runs/engine.ts'
import { parser } from '../../lib/schema.ts'
import { memoryLog, noHttp, openSurroundings } from '../runs/surroundings.ts'
import { gateOf, requestOf } from './serve.ts'
import { openWorld, type World } from './world.ts'

const info = { title: 'Data', version: '1.2.3', description: 'What is held.', root: '/api/v1' }

describe('what is asked of tariffs, flags, distributed generation, documents and runs', { timeout: 240_000 }, () => {
  let world: World
  let api: Api
  before(async () => {
    world = await openWorld()
    api = createApi({ routes: allRoutes, gate: gateOf(), context: () => world.context, info, log: world.context.log })
    await world.fetching.stores.postgres.query('create schema if not exists pipeline')
  })
  after(() => world?.close())

  async function get(target: string, headers: Record<string, string> = {}) {
    const { body, ...rest } = await api.handle(requestOf(target, { headers }))
    const chunks: Buffer[] = []
    if (typeof body === 'string' || body instanceof Uint8Array) chunks.push(Buffer.from(body))
    else if (body !== undefined) for await (const chunk of body) chunks.push(Buffer.from(chunk))
    return { ...rest, bytes: Buffer.concat(chunks), text: Buffer.concat(chunks).toString() }
  }
  /** The JSON of an answer, checked against what the route declares. */
  async function json(target: string, id: string) {
    const { status, text } = await get(target)
    assert.equal(status, 200, text)
    const answer = JSON.parse(text)
    const route = allRoutes.find((each) => each.id === id)
    assert.ok(route, id)
    assert.deepEqual(parser(route.answer, id).problems(answer), [])
    return answer
  }
  const code = async (target: string) => JSON.parse((await get(target)).text).code

  it('tariffs and Fio B of a day, with where they come from', async () => {
    const { tariffs, date, provenance } = await json('/tariffs/current?subgroup=B1&date=2026-10-10', 'currentTariffs')
    assert.equal(date, '2026-10-10')
    assert.ok(tariffs.length > 0)
    assert.deepEqual([provenance.dataset, provenance.version, provenance.tier], ['aneel.tarifas', 1, 'primary'])
    assert.match(provenance.attribution, /ANEEL.*ODbL/)
    const [{ sig_agente: name, num_cnpj_distribuidora: cnpj }] = tariffs
    const one = await json(
      `/tariffs/current?distributor=${encodeURIComponent(name)}&subgroup=B1&date=2026-10-10`,
      'currentTariffs',
    )
    assert.ok(one.tariffs.length > 0)
    assert.ok(one.tariffs.every((tariff: { num_cnpj_distribuidora: string }) => tariff.num_cnpj_distribuidora === cnpj))
    const fioB = await json('/tariffs/fio-b?date=2026-10-10&lapsed=true', 'currentFioB')
    assert.ok(fioB.tariffs.length > 0)
    assert.equal(await code('/tariffs/current?distributor=NINGUEM'), 'DISTRIBUTOR_UNKNOWN')
    assert.equal(await code('/tariffs/current?date=2026-13-40'), 'API_PARAMETER')
    assert.equal(await code('/tariffs/current?distributer=X'), 'API_PARAMETER')
  })

  it('the flag, and distributed generation added up', async () => {
    const { flag, date } = await json('/bandeira?date=2026-10-10', 'currentFlag')
    assert.deepEqual([date, typeof flag.bandeira], ['2026-10-10', 'string'])
    const { totals } = await json('/mmgd/totals?by=uf,year&kind=ufv', 'distributedTotals')
    // units without a date have no year
    assert.ok(totals.some(({ year }: { year: string | null }) => year !== null && /^\d{4}$/.test(year)))
    // some are published without a state
    assert.ok(totals.every(({ uf }: { uf: string | null }) => uf === null || uf.length === 2))
    const { totals: places } = await json('/mmgd/totals?by=uf,municipality&limit=1', 'distributedTotals')
    assert.equal(places.length, 1)
    const [{ uf, municipality }] = places
    const { months } = await json(`/mmgd/months?uf=${uf}&municipality=${municipality}`, 'distributedMonths')
    assert.ok(months.length > 0)
    assert.equal(await code('/mmgd/months?uf=MG'), 'API_PARAMETER')
  })

  it('what the day decides has no Last-Modified; ETags tell it', async () => {
    const { headers } = await get('/bandeira')
    assert.equal(headers['last-modified'], undefined)
    const again = await get('/bandeira', { 'if-none-match': headers.etag ?? '' })
    assert.equal(again.status, 304)
  })

  it('documents: list, one, extraction, file', async () => {
    const { documents, next } = await json('/documents', 'listDocuments')
    assert.deepEqual([documents.length, next], [1, null])
    const [{ id, name, pages, indexed }] = documents
    assert.deepEqual([id, name, pages], [world.document, 'Norma de microgeracao', 2])
    assert.equal(indexed[0].collection, world.collection)
    assert.equal((await json('/documents?q=MICROGERACAO', 'listDocuments')).documents.length, 1)
    assert.equal((await json('/documents?q=nada', 'listDocuments')).documents.length, 0)
    assert.equal((await json('/documents?language=en', 'listDocuments')).documents.length, 0)
    const one = await json(`/documents/${id}`, 'getDocument')
    assert.deepEqual([one.outcome, one.kinds], ['extracted', { text: 2 }])
    const extraction = await get(`/documents/${id}/extraction`)
    assert.equal(extraction.headers['content-type'], 'application/x-ndjson')
    const lines = extraction.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      lines.map(({ type }) => type),
      ['document', 'page', 'page', 'end'],
    )
    const file = await get(`/documents/${id}/file`)
    assert.ok(file.bytes.subarray(0, 5).toString() === '%PDF-')
    assert.match(file.headers['content-disposition'] ?? '', /^attachment/)
    assert.equal((await get(`/documents/${id}/file`, { 'if-none-match': file.headers.etag ?? '' })).status, 304)
    assert.equal(await code(`/documents/${'0'.repeat(64)}`), 'API_NOT_FOUND')
    assert.equal(await code('/documents?after=xx'), 'QUERY_AFTER')
  })

  it('pages of documents fit together, also where several were read at one moment', async () => {
    const { postgres } = world.fetching.stores
    await postgres.query(
      `insert into pipeline.document (sha256, settings, manifest, extracted_at)
       select lpad(to_hex(n), 64, '0'), 's', (select manifest from pipeline.document where sha256 = $1), '2026-01-01'::timestamptz + (n / 3) * interval '1 s'
       from generate_series(1, 10) n`,
      [world.document],
    )
    const seen: string[] = []
    for (let after = ''; ; ) {
      const { documents, next } = await json(`/documents?limit=3${after && `&after=${after}`}`, 'listDocuments')
      seen.push(...documents.map(({ id }: { id: string }) => id))
      if (next === null) break
      after = next
    }
    assert.deepEqual([seen.length, new Set(seen).size], [11, 11])
    await postgres.query("delete from pipeline.document where settings = 's'")
  })

  it('a search with citations', async () => {
    const found = await json('/search?q=bandeira%20verde&limit=3', 'search')
    const [hit] = found.hits
    assert.match(hit.text, /bandeira tarifaria verde/i)
    // where the chunk begins
    assert.deepEqual([hit.citation.sha256, hit.citation.page], [world.document, 1])
    assert.equal(found.collection, 'documentos')
    assert.equal(await code('/search?q=x&collection=nenhuma'), 'COLLECTION_UNKNOWN')
    assert.equal(await code('/search'), 'API_PARAMETER')
    assert.equal(await code('/search?q=x&filter=nonsense'), 'API_PARAMETER')
  })

  it('every route needs its scope', async () => {
    const narrow = createApi({
      ...{ routes: allRoutes, context: () => world.context, info, log: world.context.log },
      gate: gateOf({
        none: [],
        ...Object.fromEntries(['datasets', 'documents', 'runs'].map((scope) => [scope, [scope as 'runs']])),
      }),
    })
    for (const { path, scope, id } of allRoutes) {
      const target = path.replace('{id}', world.document).replace('{name}', 'aneel.tarifas')
      const status = async (key: string) =>
        (await narrow.handle(requestOf(target, { headers: { 'x-api-key': key } }))).status
      assert.equal(await status(''), 401, id)
      assert.equal(await status('none'), 403, id)
      assert.ok(![401, 403].includes(await status(scope ?? '')), id)
    }
  })
})

describe('a store that nothing was ever published in', { timeout: 120_000 }, () => {
  it('answers every route with what there is, or says that there is nothing', async () => {
    const surroundings = await openSurroundings('embedded')
    try {
      const log = memoryLog()
      // the runs' tables are the engine's: a store without one has no API
      const engine = await createEngine({ stores: surroundings.stores, http: noHttp, log, owner: 'a' })
      const context = { stores: surroundings.stores, clock: { now: () => new Date() }, log }
      const api = createApi({ routes: allRoutes, gate: gateOf(), context: () => context, info, log })
      const query: Record<string, string> = { search: '?q=x', distributedMonths: '?uf=MG&municipality=3106200' }
      for (const { path, id } of allRoutes) {
        const target = path.replace('{id}', path.startsWith('/runs') ? randomUUID() : '0'.repeat(64))
        const asked = `${target.replace('{name}', 'aneel.tarifas')}${query[id] ?? ''}`
        const { status, body } = await api.handle(requestOf(asked))
        const isList = ['listDatasets', 'listDocuments', 'listRuns'].includes(id)
        assert.equal(status, isList ? 200 : 404, `${id}: ${body}`)
      }
      await engine.close()
    } finally {
      await surroundings.close()
    }
  })
})
