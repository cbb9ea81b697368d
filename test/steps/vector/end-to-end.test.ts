import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openOllama } from '../../../lib/models/ollama.ts'
import { createHttpClient } from '../../../lib/net/client.ts'
import type { HttpClient } from '../../../lib/net/http.ts'
import { parser } from '../../../lib/schema.ts'
import { enrichStep } from '../../../lib/steps/enrich/enrich.ts'
import { type EnrichConfig, EnrichConfigSchema, EnrichInputSchema } from '../../../lib/steps/enrich/step-schema.ts'
import { pdfExtract } from '../../../lib/steps/pdf/step.ts'
import { PdfConfigSchema, type PdfManifest } from '../../../lib/steps/pdf/step-schema.ts'
import { IndexInputSchema } from '../../../lib/steps/vector/index-schema.ts'
import { type OpenStores, openStores } from '../../../lib/stores/open.ts'
import { embeddedFolder } from '../../helpers/embedded-folder.ts'
import { HttpServers } from '../../helpers/http-servers.ts'
import { loopback } from '../../helpers/loopback.ts'
import { tinyPdf } from '../../helpers/tiny-pdf.ts'
import { ollamaConfig } from '../../models/server.ts'
import { type OllamaDouble, startOllamaDouble } from '../../ollama/double.ts'
import { contextOf, stepsOver } from './surroundings.ts'

const pdfConfigs = parser(PdfConfigSchema, 'test config')
const enrichConfigs = parser(EnrichConfigSchema, 'test config')
const enrichInputs = parser(EnrichInputSchema, 'test input', 'INPUT_INVALID')
const indexInputs = parser(IndexInputSchema, 'test input', 'INPUT_INVALID')

const pages = (hours: string) => [
  `Art. 1º A distribuidora deve religar em ate ${hours} horas na area urbana.`,
  'Art. 2º A tensao nominal e de 13,8 kV na rede primaria.',
]
const schema = JSON.stringify({ properties: { tensao: { type: 'number', unit: 'kV' } } })

/** As a wire carries it from one node to the next: only what the next step knows of the manifest. */
function wired(manifest: object, next: { properties: object }): Record<string, unknown> {
  const text: Record<string, unknown> = JSON.parse(JSON.stringify(manifest))
  return Object.fromEntries(Object.entries(text).filter(([name]) => name in next.properties))
}

describe('a PDF, extracted, enriched, indexed and found', { timeout: 120_000 }, () => {
  const servers = new HttpServers()
  const config = { collection: 'tudo' }
  let stores: OpenStores
  let http: HttpClient
  let ollama: OllamaDouble
  let url = ''
  let file: Buffer = tinyPdf(...pages('24'))
  let away = false
  const undo: (() => unknown)[] = []
  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vector-whole-'))
    const database = await embeddedFolder()
    stores = await openStores({ folder, postgres: { folder: database.path } })
    const client = createHttpClient({ product: 'test/1', allow: loopback })
    http = client
    const origin = await servers.serve((request, response) => {
      if (request.url !== '/norma.pdf') response.writeHead(404).end()
      else response.writeHead(200, { 'content-type': 'application/pdf' }).end(file)
    })
    url = `${origin}/norma.pdf`
    ollama = await startOllamaDouble({
      models: ['stub'],
      reply: ({ format, messages }) => {
        const hours = /religar em ate (\d+) horas/.exec(messages.map(({ content }) => content).join('\n'))?.[1]
        return JSON.stringify(format).includes('tensao')
          ? '{"tensao": {"value": 13.8, "quote": "A tensao nominal e de 13,8 kV"}}'
          : JSON.stringify({ text: `Resumo da religacao: ${hours} horas na area urbana.` })
      },
    })
    undo.push(
      () => rm(folder, { recursive: true, force: true }),
      () => database.remove(),
      () => stores.close(),
      () => client.close(),
      () => servers.close(),
      () => ollama.stop(),
    )
  })
  after(async () => {
    assert.deepEqual(ollama.violations, [])
    for (const each of undo.toReversed()) await each()
  })

  const clock = { now: () => new Date('2026-03-04T05:06:07.000Z') }
  const extract = async (): Promise<PdfManifest> =>
    await pdfExtract.run({ url, text: 'Norma' }, pdfConfigs.parse({ tries: 1, paceMs: 0 }), {
      ...contextOf<PdfManifest>(stores),
      http,
      clock,
    })
  const enrich = async (from: object, more: Partial<EnrichConfig>) =>
    await enrichStep(openOllama).run(
      enrichInputs.parse(wired(from, EnrichInputSchema)),
      enrichConfigs.parse({ ollama: ollamaConfig(away ? 'http://127.0.0.1:9' : ollama.url), model: 'stub', ...more }),
      contextOf(stores),
    )
  const index = async (from: object) =>
    await stepsOver(stores).index(indexInputs.parse(wired(from, IndexInputSchema)), config)
  const search = async (question: string, filter: Record<string, number> = {}) =>
    (await stepsOver(stores).search({ question, filter, limit: 20 }, config)).hits

  test("the text with page and box, the summary as the model's, the fields as facets; all with address, SHA-256 and date", async () => {
    const manifest = await extract()
    const [summary, fields] = [
      await enrich(manifest, { task: 'summarise' }),
      await enrich(manifest, { task: 'extract', schema }),
    ]
    assert.deepEqual([summary.outcome, fields.outcome], ['enriched', 'enriched'])
    assert.equal((await index(summary)).outcome, 'indexed')
    assert.equal((await index(fields)).reused > 0, true, 'no vector is made again for a facet')

    const common = {
      ...{ document: url, title: 'Norma', url },
      sha256: createHash('sha256').update(file).digest('hex'),
      retrievedAt: '2026-03-04T05:06:07.000Z',
    }
    const [own] = (await search('tensao nominal rede primaria')).filter(({ citation }) => citation.task === undefined)
    const { page, box, ...rest } = own?.citation ?? assert.fail('the text is not found')
    assert.deepEqual(rest, common)
    assert.equal(page, 2)
    assert.ok(box !== undefined && box.right > box.left && box.bottom > box.top && box.top > 40 && box.top < 120)
    assert.match(own?.text ?? '', /13,8 kV/)
    const said = (await search('resumo')).find(({ citation }) => citation.task !== undefined)
    assert.equal(said?.text, 'Resumo da religacao: 24 horas na area urbana.')
    assert.deepEqual(said?.citation, { ...common, task: 'summarise' })
    const fitting = await search('religar', { tensao: 13.8 })
    assert.deepEqual(new Set(fitting.map(({ citation }) => citation.task)), new Set([undefined, 'summarise']))
    assert.deepEqual(await search('religar', { tensao: 34.5 }), [])

    for (const again of [summary, fields, manifest, await extract()]) {
      assert.equal((await index(again)).outcome, 'unchanged')
    }
  })

  test('another content while the model is away: nothing of the old one is left; what comes late is added', async () => {
    file = tinyPdf(...pages('12'))
    away = true
    const manifest = await extract()
    const waiting = await enrich(manifest, { task: 'summarise', words: 100 })
    assert.equal(waiting.outcome, 'deferred')
    await index(waiting)
    const texts = async () =>
      (await search('religar resumo tensao')).map(({ text, citation: { task } }) => [task, text])
    const alone = await texts()
    assert.ok(alone.length > 0 && alone.every(([task]) => task === undefined), JSON.stringify(alone))
    assert.doesNotMatch(JSON.stringify(alone), /24 horas/)
    away = false
    await index(await enrich(manifest, { task: 'summarise', words: 100 }))
    assert.ok((await texts()).some(([task, text]) => task === 'summarise' && /12 horas/.test(text ?? '')))
    assert.deepEqual(
      await search('religar', { tensao: 13.8 }),
      [],
      'fields of the old content are no facets of the new one',
    )
  })
})
