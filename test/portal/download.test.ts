import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { parquetReadObjects } from 'hyparquet'
import { fromBuffer } from 'yauzl'
import { ask, askJson, at, listAt } from './client.ts'
import { bytesOf, type DatasetName, source } from './generate/index.ts'
import { type Download, type Portal, startPortal } from './server.ts'

let portal: Portal
before(async () => {
  portal = await startPortal({
    datasets: { tarifas: 600, mmgd: 500, siga: 200, samp: 200, indqual_municipio: 100 },
    robots: 'User-agent: *\nDisallow: /api/\n',
  })
})
after(() => portal.close())

function download(dataset: DatasetName, part?: string): Download & { url: string } {
  const found = portal.downloads().find((one) => one.dataset === dataset && (part === undefined || one.part === part))
  assert.ok(found !== undefined, dataset)
  return { ...found, url: portal.url + found.path }
}

/** The one file of an archive: name and bytes. */
async function unzip(bytes: Buffer): Promise<[string, Buffer]> {
  const zip = await promisify<Buffer, { lazyEntries: boolean }, import('yauzl').ZipFile>(fromBuffer)(bytes, {
    lazyEntries: true,
  })
  return await new Promise((resolve, reject) => {
    zip.on('error', reject)
    zip.on('entry', (entry) => {
      zip.openReadStream(entry, (error, stream) => {
        if (error !== null) return reject(error)
        const chunks: Buffer[] = []
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.on('error', reject)
        stream.on('end', () => resolve([entry.fileName, Buffer.concat(chunks)]))
      })
    })
    zip.readEntry()
  })
}

describe('files', () => {
  test("are the generator's, in the portal's dialects", async () => {
    for (const [dataset, dialect] of [
      ['tarifas', {}],
      ['samp', { encoding: 'windows-1252' }],
      ['indqual_municipio', { encoding: 'iso-8859-1' }],
    ] as const) {
      const { url, rows, part } = download(dataset)
      const { status, body, headers } = await ask(url)
      assert.equal(status, 200)
      assert.equal(headers['content-type'], 'text/csv; charset=utf-8')
      assert.equal(Number(headers['content-length']), body.length)
      assert.deepEqual(body, await bytesOf(source(dataset, { rows, part }), { dialect }), dataset)
    }
  })

  test('the registry is an archive under a .csv name', async () => {
    const { url, rows } = download('mmgd')
    assert.ok(url.endsWith('/empreendimento-geracao-distribuida.csv'))
    const { body } = await ask(url)
    const [name, inside] = await unzip(body)
    assert.equal(name, 'empreendimento-geracao-distribuida.csv')
    assert.deepEqual(inside, await bytesOf(source('mmgd', { rows })))
  })

  test('Parquet has the same rows, the CNPJ as a number', async () => {
    const { json } = await askJson(
      `${portal.url}/api/3/action/package_show?id=relacao-de-empreendimentos-de-geracao-distribuida`,
    )
    const parquet = listAt(json, 'result', 'resources').find(
      (resource) => at(resource, 'id') === 'cd29f6eb-e08d-4db7-b6fb-ed6e3b682d27',
    )
    const { body } = await ask(String(at(parquet, 'url')))
    assert.equal(body.subarray(0, 4).toString('latin1'), 'PAR1')
    const rows = await parquetReadObjects({ file: new Uint8Array(body).buffer })
    assert.equal(rows.length, 500)
    assert.equal(typeof rows[0]?.NumCNPJDistribuidora, 'bigint')
    assert.equal(typeof rows[0]?.MdaPotenciaInstaladaKW, 'number')
  })

  test('dictionaries are PDFs, and the tariffs have an XML twin', async () => {
    const { json } = await askJson(`${portal.url}/api/3/action/package_show?id=tarifas-distribuidoras-energia-eletrica`)
    const [pdf, , xml] = listAt(json, 'result', 'resources')
    assert.match((await ask(String(at(pdf, 'url')))).body.toString('latin1'), /^%PDF-1\.7[\s\S]*%%EOF\n$/)
    const text = (await ask(String(at(xml, 'url')))).body.toString('utf8')
    assert.equal(text.split('<row>').length, 601)
  })

  test('the package may be named by its slug; a wrong name is 404', async () => {
    const { id, slug, path, url } = download('siga', 'diario')
    const file = path.split('/').at(-1)
    assert.equal((await ask(`${portal.url}/dataset/${slug}/resource/${id}/download/${file}`)).status, 200)
    assert.equal((await ask(`${portal.url}/dataset/samp/resource/${id}/download/${file}`)).status, 404)
    assert.equal((await ask(`${url}.gz`)).status, 404)
    assert.equal((await ask(`${portal.url}/nowhere`)).status, 404)
  })

  test('robots.txt is what the test says', async () => {
    assert.match((await ask(`${portal.url}/robots.txt`)).body.toString(), /Disallow: \/api\//)
  })
})

describe('caching', () => {
  test('HEAD has the headers and no body', async () => {
    const { url } = download('tarifas')
    const head = await ask(url, { method: 'HEAD' })
    const get = await ask(url)
    assert.equal(head.status, 200)
    assert.equal(head.body.length, 0)
    for (const name of ['etag', 'last-modified', 'content-length', 'content-type', 'cache-control', 'vary']) {
      assert.equal(head.headers[name], get.headers[name], name)
    }
    assert.equal(head.headers['cache-control'], 'no-cache')
    assert.match(head.headers.etag ?? '', new RegExp(`^"\\d+\\.\\d+-${get.body.length}-\\d+"$`))
    assert.match(head.headers['last-modified'] ?? '', /^Thu, 24 Sep 2026 05:\d\d:\d\d GMT$/)
  })

  test('an unchanged file is 304, by tag and by date', async () => {
    const { url } = download('tarifas')
    const { headers } = await ask(url, { method: 'HEAD' })
    const etag = headers.etag ?? ''
    const date = headers['last-modified'] ?? ''
    for (const conditions of [
      { 'if-none-match': etag },
      { 'if-none-match': `"x", W/${etag}` },
      { 'if-modified-since': date },
    ]) {
      const answer = await ask(url, { headers: conditions })
      assert.equal(answer.status, 304)
      assert.equal(answer.body.length, 0)
      assert.equal(answer.headers.etag, etag)
    }
    assert.equal((await ask(url, { headers: { 'if-none-match': '"x"', 'if-modified-since': date } })).status, 200)
    await portal.publish(1)
    assert.equal((await ask(url, { headers: { 'if-none-match': etag } })).status, 200)
    assert.equal((await ask(url, { headers: { 'if-modified-since': date } })).status, 200)
    await portal.publish(0)
    assert.equal((await ask(url, { headers: { 'if-none-match': etag } })).status, 304)
  })

  test("the tag is of the file's time and size: equal bytes of another day have another one", async () => {
    const { url } = download('agentes')
    const tags: unknown[] = []
    for (const publication of [0, 1]) {
      await portal.publish(publication)
      tags.push((await ask(url, { method: 'HEAD' })).headers.etag)
    }
    await portal.publish(0)
    assert.notEqual(tags[0], tags[1])
  })
})

describe('ranges', () => {
  const range = (url: string, headers: Record<string, string>) => ask(url, { headers })

  test('continue a download, while the file is the same', async () => {
    const { url } = download('tarifas')
    const whole = await ask(url)
    const etag = whole.headers.etag ?? ''
    const rest = await range(url, { range: 'bytes=1000-', 'if-range': etag })
    assert.equal(rest.status, 206)
    assert.equal(rest.headers['content-range'], `bytes 1000-${whole.body.length - 1}/${whole.body.length}`)
    assert.deepEqual(rest.body, whole.body.subarray(1000))
    assert.deepEqual((await range(url, { range: 'bytes=10-19' })).body, whole.body.subarray(10, 20))
    assert.deepEqual((await range(url, { range: 'bytes=-7' })).body, whole.body.subarray(-7))
    assert.equal((await range(url, { range: 'bytes=1000-', 'if-range': '"other"' })).status, 200)
    assert.equal((await range(url, { range: `bytes=${whole.body.length}-` })).status, 416)
    assert.equal(
      (await range(url, { range: 'bytes=1000-', 'if-range': whole.headers['last-modified'] ?? '' })).status,
      206,
    )
  })

  test('can be switched off', async () => {
    const plain = await startPortal({ datasets: { agentes: 50 }, ranges: false })
    try {
      const path = plain.downloads().find(({ dataset }) => dataset === 'agentes')?.path ?? ''
      const answer = await range(plain.url + path, { range: 'bytes=5-' })
      assert.equal(answer.status, 200)
      assert.equal(answer.headers['accept-ranges'], undefined)
    } finally {
      await plain.close()
    }
  })
})

test('two portals of one seed serve the same bytes, another seed others', async () => {
  const sums: string[] = []
  for (const seed of [7, 7, 8]) {
    const other = await startPortal({ datasets: { siga: 200 }, seed })
    try {
      const path = other.downloads().find(({ dataset, part }) => dataset === 'siga' && part === 'diario')?.path ?? ''
      sums.push(
        createHash('md5')
          .update((await ask(other.url + path)).body)
          .digest('hex'),
      )
    } finally {
      await other.close()
    }
  }
  assert.equal(sums[0], sums[1])
  assert.notEqual(sums[0], sums[2])
})

test('requests are logged as they came', async () => {
  portal.clear()
  const { url, path } = download('tarifas')
  await ask(url, { method: 'HEAD', headers: { 'user-agent': 'test/1' } })
  await ask(`${portal.url}/api/3/action/package_show?id=x`)
  assert.deepEqual(
    portal.requests.map(({ method, path, status }) => ({ method, path, status })),
    [
      { method: 'HEAD', path, status: 200 },
      { method: 'GET', path: '/api/3/action/package_show?id=x', status: 404 },
    ],
  )
  assert.equal(portal.requests[0]?.headers['user-agent'], 'test/1')
})
