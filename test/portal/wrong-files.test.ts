import assert from 'node:assert/strict'
import { isUtf8 } from 'node:buffer'
import { after, before, beforeEach, describe, test } from 'node:test'
import { crc32, gunzipSync, inflateRawSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { type Answer, ask, askJson, at, listAt } from './client.ts'
import { type DatasetName, damagedRows } from './generate/index.ts'
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

function table(bytes: Buffer, encoding: BufferEncoding = 'utf8'): string[][] {
  return parse(bytes.toString(encoding), { delimiter: ';', relax_column_count: true })
}

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

describe('the file', () => {
  test('a file published wrong has other metadata, date and tag', async () => {
    portal.misbehave({ kind: 'half', match: 'tarifas' })
    const { json } = await askJson(api())
    const resource = listAt(json, 'result', 'resources')[1]
    const head = await ask(url, { method: 'HEAD' })
    assert.equal(at(resource, 'size'), Number(head.headers['content-length']))
    assert.notEqual(head.headers.etag, good.headers.etag)
    assert.equal((await ask(url, { headers: { 'if-none-match': good.headers.etag ?? '' } })).status, 200)
    assert.equal((await ask(url, { headers: { 'if-none-match': head.headers.etag ?? '' } })).status, 304)
  })

  test('only answers with a body count', async () => {
    const rule = portal.misbehave({ kind: 'half', match: 'tarifas', times: 1 })
    await ask(api())
    await ask(url, { method: 'HEAD' })
    assert.equal(rule.applied, 0)
    assert.notDeepEqual((await ask(url)).body, good.body)
    assert.deepEqual((await ask(url)).body, good.body)
  })

  test('encoding: the other one, or one by name', async () => {
    const latin = await once({ kind: 'encoding' })
    assert.ok(!isUtf8(latin.body))
    assert.equal(latin.body.toString('latin1').replaceAll('\x96', '–'), good.body.toString('utf8'))
    const samp = urlOf('samp')
    const original = await ask(samp)
    assert.ok(!isUtf8(original.body))
    assert.ok(isUtf8((await once({ kind: 'encoding' }, samp)).body))
    const utf16 = await once({ kind: 'encoding', to: 'utf-16le' })
    assert.equal(utf16.body.toString('utf16le'), good.body.toString('utf8'))
  })

  test('quoting: none where all was', async () => {
    const { body } = await once({ kind: 'quoting' })
    assert.equal(body.toString('utf8'), good.body.toString('utf8').replaceAll('"', ''))
  })

  test('rename-column and drop-column', async () => {
    const names = table(good.body)[0] ?? []
    assert.deepEqual(table((await once({ kind: 'rename-column' })).body)[0], names.with(1, 'DscREHNovo'))
    assert.deepEqual(
      table((await once({ kind: 'rename-column', column: 'VlrTE', to: 'ValorTE' })).body)[0],
      names.with(16, 'ValorTE'),
    )
    const dropped = table((await once({ kind: 'drop-column', column: 'VlrTE' })).body)
    assert.deepEqual(
      dropped,
      table(good.body).map((row) => row.slice(0, -1)),
    )
  })

  test('zip and gzip under the same name and type', async () => {
    const zip = await once({ kind: 'zip' })
    assert.equal(zip.headers['content-type'], 'text/csv; charset=utf-8')
    assert.equal(zip.body.readUInt32LE(0), 0x04034b50)
    const start = 30 + zip.body.readUInt16LE(26)
    assert.deepEqual(inflateRawSync(zip.body.subarray(start)), good.body)
    const gzip = await once({ kind: 'gzip' })
    assert.equal(gzip.headers['content-encoding'], undefined)
    assert.deepEqual(gunzipSync(gzip.body), good.body)
  })

  test('half, header-only, empty', async () => {
    const all = table(good.body)
    assert.equal(table((await once({ kind: 'half' })).body).length, 301)
    assert.equal(table((await once({ kind: 'half', share: 0.95 })).body).length, 571)
    assert.deepEqual(table((await once({ kind: 'header-only' })).body), all.slice(0, 1))
    const empty = await once({ kind: 'empty' })
    assert.equal(empty.status, 200)
    assert.equal(empty.headers['content-length'], '0')
  })

  test('ragged, bad-number, bad-date and blank spoil a known number of rows', async () => {
    const bad = damagedRows(600, 0.05)
    assert.equal(bad, 30)
    const count = async (rule: Misbehaviour, found: (row: string[]) => boolean) =>
      table((await once(rule)).body).filter(found).length
    assert.equal(await count({ kind: 'ragged', share: 0.05 }, (row) => row.length === 15), bad)
    assert.equal(await count({ kind: 'ragged', share: 0.05, how: 'long' }, (row) => row.length === 18), bad)
    assert.equal(await count({ kind: 'bad-number', share: 0.05 }, (row) => row.at(-1) === 'não é número'), bad)
    assert.equal(await count({ kind: 'bad-date', share: 0.05 }, (row) => row[5] === '2026-02-31'), bad)
    assert.equal(
      await count({ kind: 'blank', share: 0.05, column: 'NumCNPJDistribuidora' }, (row) => row[3] === ''),
      bad,
    )
    const sets = await once({ kind: 'bad-number', share: 0.05 }, urlOf('indqual_municipio'))
    const words = table(sets.body, 'latin1').filter((row) => row[1] === 'não é número')
    assert.equal(words.length, damagedRows(60, 0.05), 'an integer column where no decimal one is')
    assert.equal(await count({ kind: 'bad-number' }, (row) => row.at(-1) === 'não é número'), damagedRows(600, 0.02))
  })

  test('magnitude: the comma is lost, in one column and all of it', async () => {
    const numbers = (bytes: Buffer, column: number) =>
      table(bytes)
        .slice(1)
        .map((row) => row.at(column) ?? '')
    const { body } = await once({ kind: 'magnitude', column: 'VlrTUSD' })
    assert.deepEqual(numbers(body, -1), numbers(good.body, -1))
    assert.deepEqual(
      numbers(body, -2).map(Number),
      numbers(good.body, -2).map((text) => Math.round(Number(text.replace(',', '.')) * 100)),
    )
  })

  test('replacement: U+FFFD where accents were', async () => {
    const { body } = await once({ kind: 'replacement', share: 0.5 })
    assert.equal(table(body).filter((row) => row.join('').includes('\ufffd')).length, 300)
    const cp1252 = await once({ kind: 'replacement' }, urlOf('samp'))
    assert.ok(isUtf8(cp1252.body) && cp1252.body.includes('\ufffd'))
  })

  test('truncated-quote: the file ends inside a quoted field', async () => {
    const { body, headers } = await once({ kind: 'truncated-quote' })
    assert.equal(Number(headers['content-length']), body.length)
    assert.ok(good.body.length - body.length < 60)
    assert.deepEqual(good.body.subarray(0, body.length), body)
    assert.throws(() => table(body), /Quote Not Closed/)
    const inside = await once({ kind: 'truncated-quote' }, urlOf('mmgd'))
    assert.throws(
      () => table(inflateRawSync(inside.body.subarray(30 + inside.body.readUInt16LE(26)))),
      /Quote Not Closed/,
    )
  })

  test('broken-zip: cut, wrong CRC, two files, no CSV, noise', async () => {
    const mmgd = urlOf('mmgd')
    const broken = (how: 'truncated' | 'crc' | 'two-files' | 'no-csv' | 'noise') =>
      once({ kind: 'broken-zip', how }, mmgd)
    const end = (bytes: Buffer) => bytes.length - 22
    const truncated = (await broken('truncated')).body
    assert.equal(truncated.readUInt32LE(0), 0x04034b50)
    assert.notEqual(truncated.readUInt32LE(end(truncated)), 0x06054b50)
    const crc = (await broken('crc')).body
    const directory = crc.readUInt32LE(end(crc) + 16)
    assert.equal(crc.readUInt32LE(directory + 16), 0x12345678)
    assert.notEqual(crc32(inflateRawSync(crc.subarray(30 + crc.readUInt16LE(26)))), 0x12345678)
    const two = (await broken('two-files')).body
    assert.equal(two.readUInt16LE(end(two) + 10), 2)
    assert.ok((await broken('no-csv')).body.includes('LEIA-ME.txt'))
    const noise = (await broken('noise')).body
    assert.throws(() => inflateRawSync(noise.subarray(30)))
  })

  test('zip-bomb: inflates about a thousand times', async () => {
    const inflated = 64 * 1024 * 1024
    const { body } = await once({ kind: 'zip-bomb', inflated })
    const directory = body.readUInt32LE(body.length - 6)
    assert.ok(body.readUInt32LE(directory + 24) >= inflated)
    assert.ok(inflated / body.length > 200, String(inflated / body.length))
    const lying = await once({ kind: 'zip-bomb', inflated, lie: true })
    assert.equal(lying.body.readUInt32LE(lying.body.readUInt32LE(lying.body.length - 6) + 24), 1000)
  })

  test('a rule about files leaves PDFs alone', async () => {
    portal.misbehave({ kind: 'empty' })
    const { json } = await askJson(api())
    const pdf = listAt(json, 'result', 'resources')[0]
    assert.ok(Number(at(pdf, 'size')) > 500)
  })
})
