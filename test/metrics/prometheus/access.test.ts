import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { accessOf } from '../../../lib/metrics/prometheus/access.ts'
import { type Answering, listenAt } from '../../../lib/metrics/prometheus/answer.ts'

const token = 'a token of tests, long enough'.replaceAll(' ', '-')

/** A request from an address, as far as it is looked at. */
const asked = (remoteAddress: string, headers: Record<string, string> = {}) => ({ headers, socket: { remoteAddress } })

describe('who may ask for the metrics', () => {
  it('by default this machine, and not through a proxy on it', async () => {
    const access = accessOf('loopback', '')
    const status = (address: string, headers: Record<string, string> = {}) => access(asked(address, headers))
    assert.deepEqual(
      await Promise.all(['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.7', ''].map((each) => status(each))),
      [200, 200, 200, 403, 403],
    )
    assert.equal(await status('127.0.0.1', { 'x-forwarded-for': '127.0.0.1' }), 403)
    assert.equal(await status('127.0.0.1', { forwarded: 'for=10.0.0.7' }), 403)
  })

  it('else whoever has the token, and a short one is none', async () => {
    const access = accessOf('token', token)
    const status = (authorization?: string) =>
      access(asked('127.0.0.1', authorization === undefined ? {} : { authorization }))
    assert.deepEqual(
      await Promise.all([`Bearer ${token}`, `bearer  ${token}`, `Bearer ${token}x`, token, undefined].map(status)),
      [200, 200, 401, 401, 401],
    )
    for (const weak of ['', 'short']) assert.throws(() => accessOf('token', weak), { code: 'CONFIG' })
  })

  it('a token in a file is read for each request, so that it can be rotated', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ysh-token-'))
    try {
      const file = join(folder, 'token')
      const access = accessOf('token', `file:${file}`)
      const status = (given: string) => access(asked('127.0.0.1', { authorization: `Bearer ${given}` }))
      writeFileSync(file, `${token}\n`)
      assert.deepEqual([await status(token), await status(`file:${file}`)], [200, 401])
      writeFileSync(file, `${token}-2`)
      assert.deepEqual([await status(token), await status(`${token}-2`)], [401, 200])
      writeFileSync(file, 'short')
      await assert.rejects(status('short'), { code: 'CONFIG' })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('a port of its own', () => {
  let server: Server
  let url: string
  let scrapes = 0
  const trouble: unknown[] = []
  const answering: Answering = {
    access: accessOf('token', token),
    async scrape(openMetrics) {
      scrapes += 1
      if (scrapes === 3) throw new Error('of this test')
      return { contentType: openMetrics ? 'application/openmetrics-text' : 'text/plain', text: 'a 1\n' }
    },
    trouble: (error) => trouble.push(error),
  }
  before(async () => {
    server = await listenAt({ port: 0, host: '127.0.0.1', path: '/red/metrics' }, answering)
    const address = server.address()
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  })
  after(() => server?.close())

  const ask = async (path: string, { headers = {}, method = 'GET' }: RequestInit = {}) => {
    const given = { authorization: `Bearer ${token}`, ...headers }
    const response = await fetch(`${url}${path}`, { method, headers: given, signal: AbortSignal.timeout(10_000) })
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
  }

  it('answers at its path alone, whoever may ask, in either format', async () => {
    assert.equal((await ask('/red/metrics', { headers: { authorization: '' } })).status, 401)
    for (const path of ['/', '/metrics', '/red/metricsx', '/red/metrics/more', '/red']) {
      assert.equal((await ask(path)).status, 404, path)
    }
    assert.equal((await ask('/red/metrics', { method: 'POST' })).status, 405)
    assert.equal(scrapes, 0)
    assert.deepEqual(await ask('/red/metrics?x=1'), { status: 200, type: 'text/plain', text: 'a 1\n' })
    const accept = 'application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5'
    assert.equal((await ask('/red/metrics', { headers: { accept } })).type, 'application/openmetrics-text')
    assert.equal((await ask('/red/metrics')).status, 500)
    assert.equal(trouble.length, 1)
    assert.deepEqual([(await ask('/red/metrics', { method: 'HEAD' })).text, scrapes], ['', 4])
  })

  it('says when the port is taken', async () => {
    const address = server.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    await assert.rejects(listenAt({ port, host: '127.0.0.1', path: '/metrics' }, answering), { code: 'EADDRINUSE' })
  })
})
