import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type Answer, ask, askJson, at } from './client.ts'
import type { DatasetName } from './generate/index.ts'
import { type Misbehaviour, type Portal, startPortal } from './server.ts'

let portal: Portal
let url: string
let good: Answer
before(async () => {
  portal = await startPortal({ datasets: { tarifas: 600, mmgd: 300, samp: 300, siga: 200 } })
  url = urlOf('tarifas')
  good = await ask(url)
})
after(() => portal.close())
beforeEach(() => portal.clear())

function urlOf(dataset: DatasetName): string {
  const found = portal.downloads().find((one) => one.dataset === dataset && one.part !== 'mensal')
  assert.ok(found !== undefined)
  return portal.url + found.path
}

const api = (): string => `${portal.url}/api/3/action/package_show?id=tarifas-distribuidoras-energia-eletrica`

/** One spoilt download, then the good one again. */
async function once(rule: Misbehaviour, address = url): Promise<Answer> {
  const before = await ask(address)
  const force = portal.misbehave({ ...rule, times: 1 })
  const spoilt = await ask(address)
  assert.equal(force.applied, 1)
  const after = await ask(address)
  assert.deepEqual(after.body, before.body, 'all is well again')
  assert.equal(after.headers.etag, before.headers.etag)
  return spoilt
}

describe('where and how often', () => {
  test('a rule counts, and then all is well', async () => {
    const rule = portal.misbehave({ kind: '500', match: 'tarifas', times: 2 })
    const statuses: number[] = []
    for (let i = 0; i < 3; i++) statuses.push((await ask(url)).status)
    assert.deepEqual(statuses, [500, 500, 200])
    assert.equal(rule.applied, 2)
    assert.deepEqual(
      portal.requests.map(({ status, misbehaviour }) => [status, misbehaviour]),
      [
        [500, '500'],
        [500, '500'],
        [200, undefined],
      ],
    )
  })

  test('a dataset is its downloads, other texts are parts of the address', async () => {
    portal.misbehave({ kind: '500', match: 'tarifas' })
    assert.equal((await ask(api())).status, 200)
    assert.equal((await ask(urlOf('mmgd'))).status, 200)
    portal.clear()
    portal.misbehave({ kind: '502', match: '/api/3/action/package_show' })
    assert.equal((await ask(api())).status, 502)
    assert.equal((await ask(`${portal.url}/api/3/action/package_search`)).status, 200)
    portal.clear()
    portal.misbehave({ kind: '502', match: /id=tarifas/g })
    assert.equal((await ask(api())).status, 502)
    assert.equal((await ask(api())).status, 502)
    portal.clear()
    portal.misbehave({ kind: '500', match: 'relacao-de-empreendimentos-de-geracao-distribuida' })
    assert.equal((await ask(urlOf('mmgd'))).status, 500)
  })

  test('a rule can be removed', async () => {
    const rule = portal.misbehave({ kind: '500' })
    assert.equal((await ask(url)).status, 500)
    rule.remove()
    assert.equal((await ask(url)).status, 200)
  })
})

describe('the connection', () => {
  test('cut: breaks after the bytes that were asked for', async () => {
    const answer = await once({ kind: 'cut', after: 5000 })
    assert.equal(answer.status, 200)
    assert.equal(Number(answer.headers['content-length']), good.body.length)
    assert.deepEqual(answer.body, good.body.subarray(0, 5000))
    assert.notEqual(answer.broken, undefined)
  })

  test('cut: in the middle by default, and a range goes on from there', async () => {
    const answer = await once({ kind: 'cut' })
    assert.equal(answer.body.length, Math.floor(good.body.length / 2))
    const rest = await ask(url, {
      headers: { range: `bytes=${answer.body.length}-`, 'if-range': good.headers.etag ?? '' },
    })
    assert.deepEqual(Buffer.concat([answer.body, rest.body]), good.body)
  })

  test('slow: no faster than it says', async () => {
    const small = `${portal.url}${portal.downloads().find(({ dataset }) => dataset === 'dominio_indicadores')?.path}`
    const { body } = await ask(small)
    const started = performance.now()
    const answer = await once({ kind: 'slow', bytesPerSecond: body.length * 2 }, small)
    assert.deepEqual(answer.body, body)
    assert.ok(performance.now() - started > 400)
  })

  test('slow: stalls for ever after some bytes, until the client gives up', async () => {
    portal.misbehave({ kind: 'slow', stallAfter: 100, times: 1 })
    const stop = new AbortController()
    const response = await fetch(url, { signal: stop.signal })
    const reader = response.body?.getReader()
    assert.equal((await reader?.read())?.value?.length, 100)
    const next = reader?.read()
    stop.abort()
    await assert.rejects(async () => await next, { name: 'AbortError' })
  })

  test('slow: goes on after a stall with an end', async () => {
    const answer = await once({ kind: 'slow', stallAfter: 100, stallMs: 50 })
    assert.deepEqual(answer.body, good.body)
  })

  test('wrong-length: more is promised than comes', async () => {
    const answer = await once({ kind: 'wrong-length' })
    assert.equal(Number(answer.headers['content-length']), good.body.length + 1000)
    assert.deepEqual(answer.body, good.body)
    assert.notEqual(answer.broken, undefined)
  })

  test('wrong-length: less is promised than the file has', async () => {
    const answer = await once({ kind: 'wrong-length', by: -500 })
    assert.equal(Number(answer.headers['content-length']), good.body.length - 500)
    assert.deepEqual(answer.body, good.body.subarray(0, -500))
    assert.equal(answer.broken, undefined)
  })
})

describe('the status', () => {
  test('500 and 502 are pages', async () => {
    for (const kind of ['500', '502'] as const) {
      const answer = await once({ kind })
      assert.equal(answer.status, Number(kind))
      assert.match(answer.body.toString(), /^<!DOCTYPE html>/)
    }
  })

  test('429 says when to come back, in seconds, as a date, or not at all', async () => {
    const after = async (retryAfter?: number | Date) =>
      (await once({ kind: '429', ...(retryAfter === undefined ? {} : { retryAfter }) })).headers['retry-after']
    assert.equal(await after(7), '7')
    assert.equal(await after(new Date('2026-10-05T05:00:00Z')), 'Mon, 05 Oct 2026 05:00:00 GMT')
    assert.equal(await after(), undefined)
  })

  test('html: a page with 200, even as text/csv', async () => {
    const answer = await once({ kind: 'html' })
    assert.equal(answer.status, 200)
    assert.match(answer.body.toString(), /^<!DOCTYPE html>/)
    assert.match(answer.headers['content-type'] ?? '', /^text\/html/)
    assert.equal((await once({ kind: 'html', contentType: 'text/csv' })).headers['content-type'], 'text/csv')
  })

  test('not-found: a page for a file, JSON from the API', async () => {
    assert.equal((await once({ kind: 'not-found' })).status, 404)
    portal.misbehave({ kind: 'not-found', match: 'package_show', times: 1 })
    const { status, json } = await askJson(api())
    assert.equal(status, 404)
    assert.equal(at(json, 'error', '__type'), 'Not Found Error')
  })

  test('a spoilt status counts for HEAD too', async () => {
    portal.misbehave({ kind: '500', times: 1 })
    assert.equal((await ask(url, { method: 'HEAD' })).status, 500)
    assert.equal((await ask(url, { method: 'HEAD' })).status, 200)
  })
})

describe('the API', () => {
  test('api-down: 503 or a reset, while files still come', async () => {
    portal.misbehave({ kind: 'api-down' })
    assert.equal((await ask(api())).status, 503)
    assert.equal((await ask(url)).status, 200)
    portal.clear()
    portal.misbehave({ kind: 'api-down', how: 'reset', times: 1 })
    await assert.rejects(ask(api()), { code: 'ECONNRESET' })
    assert.equal((await ask(api())).status, 200)
  })

  test('bad-json: ends in the middle', async () => {
    portal.misbehave({ kind: 'bad-json', times: 1 })
    const { status, body } = await ask(api())
    assert.equal(status, 200)
    assert.throws(() => JSON.parse(body.toString()), SyntaxError)
  })

  test('wrong-shape: success without a result', async () => {
    portal.misbehave({ kind: 'wrong-shape', times: 1 })
    const { json } = await askJson(api())
    assert.equal(at(json, 'success'), true)
    assert.equal(at(json, 'result'), null)
  })

  test('its bodies can be cut and slow as well', async () => {
    portal.misbehave({ kind: 'cut', match: '/api/', after: 50, times: 1 })
    assert.equal((await ask(api())).body.length, 50)
  })
})
