import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { createHttpClient } from '../../../lib/net/client.ts'
import { parser } from '../../../lib/schema.ts'
import { pdfExtract } from '../../../lib/steps/pdf/step.ts'
import { type PdfConfig, PdfConfigSchema, type PdfManifest } from '../../../lib/steps/pdf/step-schema.ts'
import { putArtifact } from '../../../lib/stores/objects/artifacts.ts'
import { openStores } from '../../../lib/stores/open.ts'
import { startPostgres } from '../../helpers/postgres-server.ts'
import { tinyPdf } from '../../helpers/tiny-pdf.ts'
import { ollamaConfig, withDouble } from '../../models/server.ts'
import { pictured } from './formulas/helpers.ts'
import { scanFile, scanned } from './ocr/scan.ts'

const configs = parser(PdfConfigSchema, 'test config')

describe('the step pdf-extract', async () => {
  const server = await startPostgres()
  const folder = await mkdtemp(join(tmpdir(), 'pdf-step-'))
  const stores = await openStores({ folder: join(folder, 'stores'), postgres: { url: server.url } })
  const http = createHttpClient({ product: 'test/1', allow: ['127.0.0.1'] })
  after(async () => {
    http.close()
    await stores.close()
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function extract(input: Record<string, string>, config: Partial<PdfConfig> = {}): Promise<PdfManifest> {
    return await pdfExtract.run(input, configs.parse({ tries: 1, paceMs: 0, ...config }), {
      run: { id: '00000000-0000-4000-8000-000000000001', flow: 'test', slot: '1', epoch: 0, item: '' },
      node: 'test',
      attempt: 1,
      signal: new AbortController().signal,
      stores,
      http,
      clock: { now: () => new Date() },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      progress() {},
      finish: async () => undefined,
    })
  }
  const lines = async ({ artifact }: PdfManifest) => {
    const text = await stores.objects.withFile(artifact.key, async (file) => readFile(file, 'utf8'))
    return text
      .trim()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line))
  }
  const keep = async (bytes: Buffer) => (await putArtifact(stores.objects, bytes)).sha256

  test('a stored file becomes JSON lines, page by page, and is not extracted twice', async () => {
    const artifact = await keep(tinyPdf('Tarifa convencional\nvalor 0,65', 'Segunda pagina'))
    const manifest = await extract({ artifact, text: 'Norma' })
    assert.deepEqual(
      [manifest.outcome, manifest.name, manifest.pages, manifest.read, manifest.kinds, manifest.problems],
      ['extracted', 'Norma', 2, 2, { text: 2 }, []],
    )
    const [head, first, second, end] = await lines(manifest)
    assert.deepEqual([head?.type, first?.type, second?.type, end?.type], ['document', 'page', 'page', 'end'])
    assert.match(JSON.stringify(first), /Tarifa convencional/)
    assert.match(JSON.stringify(second), /Segunda pagina/)
    const again = await extract({ artifact })
    assert.deepEqual([again.outcome, again.artifact], ['unchanged', manifest.artifact])
    const from = await extract({ artifact, source: 's3://docs/norma.pdf' })
    assert.deepEqual([from.outcome, from.source], ['unchanged', 's3://docs/norma.pdf'])
    assert.equal((await extract({ artifact }, { again: 'always' })).outcome, 'extracted')
    assert.equal((await extract({ artifact }, { maxPages: 1 })).outcome, 'partial', 'other settings, other result')
  })

  test('what was read before a limit is kept, and not taken for the whole', async () => {
    const artifact = await keep(tinyPdf('um', 'dois', 'tres'))
    const manifest = await extract({ artifact }, { maxPages: 2 })
    assert.deepEqual([manifest.outcome, manifest.pages, manifest.read], ['partial', 3, 2])
    assert.match(manifest.problems[0] ?? '', /^PDF_TOO_MANY_PAGES: /)
    assert.equal((await extract({ artifact }, { maxPages: 2 })).outcome, 'partial', 'it is tried again')
  })

  test('a message for each page has each page stored', async () => {
    const manifest = await extract({ artifact: await keep(tinyPdf('A', 'B')) }, { perPage: true })
    assert.deepEqual(
      manifest.pageItems.map(({ page, kind }) => [page, kind]),
      [
        [1, 'text'],
        [2, 'text'],
      ],
    )
  })

  test('files come from the allowed folder, and from nowhere else', async () => {
    await writeFile(join(folder, 'ok.pdf'), tinyPdf('da pasta'))
    const inner = join(folder, 'inner')
    await mkdir(inner)
    await writeFile(join(inner, 'in.pdf'), tinyPdf('dentro'))
    await symlink(join(folder, 'ok.pdf'), join(inner, 'link.pdf'))
    assert.equal((await extract({ path: 'in.pdf' }, { folder: inner })).name, 'in.pdf')
    assert.equal((await extract({ path: join(inner, 'in.pdf') }, { folder: inner })).outcome, 'unchanged')
    for (const path of ['../ok.pdf', join(folder, 'ok.pdf'), 'link.pdf', '/etc/passwd', '../../etc/passwd']) {
      await assert.rejects(extract({ path }, { folder: inner }), { code: 'PATH_REFUSED' }, path)
    }
    await assert.rejects(extract({ path: 'none.pdf' }, { folder: inner }), { code: 'PATH_NOT_FOUND' })
    await assert.rejects(extract({ path: 'ok.pdf' }), { code: 'PATH_REFUSED' })
    await assert.rejects(extract({}), { code: 'PDF_NO_SOURCE' })
  })

  test('an address is fetched once, and asked again whether it changed', async () => {
    let asked = 0
    let body = tinyPdf('do site')
    const site = createServer((request, response) => {
      if (request.url === '/robots.txt') return response.writeHead(404).end()
      asked += 1
      if (request.headers['if-none-match'] === '"1"' && body.length > 0) return response.writeHead(304).end()
      return response.writeHead(200, { etag: '"1"', 'content-type': 'application/pdf' }).end(body)
    })
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
    const address = site.address()
    const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/docs/nd%205.30.pdf`
    try {
      const first = await extract({ url })
      assert.deepEqual([first.outcome, first.name], ['extracted', 'nd 5.30.pdf'])
      assert.equal((await extract({ url })).outcome, 'unchanged')
      assert.equal(asked, 2)
      body = Buffer.alloc(0)
      await assert.rejects(extract({ url }), (error: { code: string }) => /^(PDF_EMPTY|NOT_PDF)$/.test(error.code))
      await assert.rejects(extract({ url: 'http://169.254.169.254/latest.pdf' }), { code: 'ADDRESS_REFUSED' })
    } finally {
      site.close()
      site.closeAllConnections()
    }
  })

  test('OCR is off, said to be possible, and another setting; on, its pages are counted and come after the others', async () => {
    const words = [
      'Esta página foi digitalizada, e o texto dela só existe',
      'como imagem até que alguém a leia por OCR.',
    ]
    const scan = scanned(words.map((text, line) => ({ text, x: 72, y: 100 + 16 * line })))
    const artifact = await keep(Buffer.from(await scanFile(scan, 'Texto')))
    const off = await extract({ artifact })
    assert.deepEqual([off.kinds, off.ocrPages, off.characters], [{ scan: 1, text: 1 }, 0, 5])
    assert.deepEqual(off.problems, ['1 pages are pictures without text: they can be read by OCR, which is off'])
    const on = await extract({ artifact }, { ocr: true, perPage: true })
    assert.deepEqual([on.outcome, on.kinds, on.ocrPages, on.problems], ['extracted', off.kinds, 1, []])
    assert.ok(on.characters > 80)
    const pages = (await lines(on)).filter(({ type }) => type === 'page').map((line) => JSON.stringify(line))
    assert.match(pages[0] ?? '', /"number":2/)
    assert.match(pages[1] ?? '', /digitalizada.*"source":"ocr"|"source":"ocr".*digitalizada/)
    assert.deepEqual(
      on.pageItems.map(({ page, kind }) => [page, kind]),
      [
        [1, 'scan'],
        [2, 'text'],
      ],
    )
    assert.equal((await extract({ artifact }, { ocr: true, perPage: true })).outcome, 'unchanged')
    const blank = await extract({ artifact: await keep(Buffer.from(await scanFile(scanned([])))) }, { ocr: true })
    assert.deepEqual(blank.problems, [
      '1 pages are pictures without text: OCR has not read them',
      'page 1: OCR: nothing legible was found',
    ])
  })

  test('a formula that is a picture is shown to the vision model; one that does not answer leaves a partial result', async () => {
    const artifact = await keep(Buffer.from(await pictured()))
    const without = await extract({ artifact })
    assert.deepEqual([without.outcome, without.formulas, without.unread], ['extracted', 0, 1])
    assert.equal((await extract({ artifact }, { visionModel: 'qwen3-vl' })).outcome, 'unchanged', 'no server, no model')
    const silent = { ollama: ollamaConfig('http://127.0.0.1:9'), visionModel: 'qwen3-vl' }
    const failed = await extract({ artifact }, silent)
    assert.deepEqual([failed.outcome, failed.formulas, failed.unread], ['partial', 0, 1])
    assert.match(failed.problems.join(), /formulas in pictures stay unread: MODEL_UNAVAILABLE/)
    const models = [{ name: 'qwen3-vl', capabilities: ['completion', 'vision'] }]
    await withDouble({ models, reply: () => JSON.stringify({ latex: 'P=U I' }) }, async (double) => {
      const config = { ...silent, ollama: ollamaConfig(double.url) }
      const read = await extract({ artifact }, config)
      assert.deepEqual([read.outcome, read.formulas, read.unread], ['extracted', 1, 0])
      assert.match(JSON.stringify((await lines(read)).at(-1)), /P=U I/)
      assert.equal((await extract({ artifact }, config)).outcome, 'unchanged')
    })
  })

  test('what is no PDF says what it is', async () => {
    const html = await keep(Buffer.from('<html><title>Acesso negado</title>'))
    await assert.rejects(extract({ artifact: html }), { code: 'NOT_PDF', message: /HTML|Acesso negado/i })
    await assert.rejects(extract({ artifact: await keep(tinyPdf('x').subarray(0, 200)) }), { code: /^PDF_|NOT_PDF/ })
    await assert.rejects(extract({ artifact: 'f'.repeat(64) }), { code: 'OBJECT_NOT_FOUND' })
  })
})
