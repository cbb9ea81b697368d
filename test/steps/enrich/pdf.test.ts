import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parser } from '../../../lib/schema.ts'
import { pdfExtract } from '../../../lib/steps/pdf/step.ts'
import { PdfConfigSchema, type PdfManifest } from '../../../lib/steps/pdf/step-schema.ts'
import { putArtifact } from '../../../lib/stores/objects/artifacts.ts'
import { tinyPdf } from '../../helpers/tiny-pdf.ts'
import { documentOf, openEnriching } from './enriching.ts'

const configs = parser(PdfConfigSchema, 'test config')
const samples = fileURLToPath(new URL('../../../../shared/samples', import.meta.url))

describe('what pdf-extract gives, enriched', async () => {
  const { stores, model, run, contextOf, close } = await openEnriching()
  after(close)

  async function extract(bytes: Uint8Array): Promise<PdfManifest> {
    const { sha256 } = await putArtifact(stores.objects, bytes)
    return await pdfExtract.run({ artifact: sha256 }, configs.parse({}), {
      ...contextOf(),
      finish: async () => undefined,
    })
  }

  test('a field has the page and box that its words stand on', async () => {
    const { artifact, source, name, file } = await extract(
      tinyPdf('Norma tecnica de fornecimento', 'A tensao nominal e de 13,8 kV na rede primaria'),
    )
    const schema = JSON.stringify({ properties: { tensao: { type: 'number', unit: 'kV' } } })
    model.reply = () => '{"tensao": {"value": 13.8, "quote": "tensao nominal e de 13,8 kV"}}'
    const manifest = await run({ artifact, source, name, file }, { task: 'extract', schema })
    const [field] = manifest.fields
    assert.deepEqual([field?.path, field?.value, field?.page, manifest.file], ['tensao', 13.8, 2, file])
    assert.ok(field?.box !== undefined && field.box.right > field.box.left)
  })

  const file = ['', 'pdf', 'pdfs']
    .map((folder) => join(samples, folder))
    .filter(existsSync)
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((each) => each.endsWith('.pdf'))
        .map((each) => join(folder, each)),
    )
    .sort()[0]
  test('a real document is read whole', { skip: file === undefined && 'no sample document here' }, async () => {
    const { artifact, characters } = await extract(await readFile(file ?? ''))
    let seen = 0
    model.reply = (request) => {
      seen += documentOf(request).length
      return '{}'
    }
    const schema = JSON.stringify({ properties: { prazo: { type: 'integer' } } })
    const { outcome, parts } = await run({ artifact }, { task: 'extract', schema, maxParts: 1_000 })
    console.log(`${characters} characters of text, ${seen} shown in ${parts} parts`)
    assert.equal(outcome, 'enriched')
    assert.ok(seen > 0.7 * characters && seen < 1.6 * characters)
  })
})
