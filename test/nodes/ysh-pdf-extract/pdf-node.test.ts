import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type FlowNode, type NodeRed, startNodeRed } from '../../helpers/node-red.ts'
import { tinyPdf } from '../../helpers/tiny-pdf.ts'
import { type OllamaDouble, startOllamaDouble } from '../../ollama/double.ts'
import { pictured } from '../../steps/pdf/formulas/helpers.ts'

const at = { z: 'tab', x: 100, y: 100 }

/** `POST /pdf` with the bytes -> ysh-pdf-extract -> manifest and number of the output; 500 with the error. */
function flows(ollama: string): FlowNode[] {
  const answer = (id: string, output: number): FlowNode => ({
    ...{ id, type: 'change', ...at, wires: [['out']] },
    rules: [{ t: 'set', p: 'headers', pt: 'msg', to: JSON.stringify({ output: String(output) }), tot: 'json' }],
  })
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'stores', type: 'ysh-stores', name: '', folder: '' },
    { id: 'ollama', type: 'ysh-ollama', name: '', url: ollama },
    { id: 'in', type: 'http in', ...at, url: '/pdf', method: 'post', wires: [['pdf']] },
    {
      ...{ id: 'pdf', type: 'ysh-pdf-extract', ...at, stores: 'stores', perPage: true, folder: 'documentos' },
      ...{ ollama: 'ollama', visionModel: 'qwen3-vl' },
      wires: [['one'], ['two'], ['page']],
    },
    answer('one', 1),
    answer('two', 2),
    {
      ...{ id: 'page', type: 'debug', ...at, name: 'page', active: true, console: true, complete: 'payload' },
      ...{ targetType: 'msg', wires: [] },
    },
    { id: 'out', type: 'http response', ...at, statusCode: '', headers: {}, wires: [] },
    { id: 'catch', type: 'catch', ...at, scope: null, uncaught: false, wires: [['failed']] },
    {
      ...{ id: 'failed', type: 'change', ...at, wires: [['out']] },
      rules: [
        { t: 'set', p: 'payload', pt: 'msg', to: 'error', tot: 'msg' },
        { t: 'set', p: 'statusCode', pt: 'msg', to: '500', tot: 'num' },
      ],
    },
  ]
}

describe('the node ysh-pdf-extract in Node-RED', { timeout: 240_000 }, () => {
  let red: NodeRed
  let double: OllamaDouble
  before(async () => {
    const models = [{ name: 'qwen3-vl', capabilities: ['completion', 'vision'] }]
    double = await startOllamaDouble({ models, token: 'passe', reply: () => JSON.stringify({ latex: 'P=U I' }) })
    const credentials = { pdf: { password: 'segredo' }, ollama: { token: 'passe' } }
    red = await startNodeRed({ flows: flows(double.url), credentials })
  })
  after(async () => {
    await red?.dispose()
    await double?.stop()
  })

  async function ask(
    bytes: Buffer | string,
  ): Promise<{ status: number; output: string | null; body: Record<string, unknown> }> {
    const response = await fetch(`${red.url}/pdf`, {
      method: 'POST',
      headers: { 'content-type': typeof bytes === 'string' ? 'application/json' : 'application/octet-stream' },
      body: typeof bytes === 'string' ? bytes : new Uint8Array(bytes),
      signal: AbortSignal.timeout(90_000),
    })
    return { status: response.status, output: response.headers.get('output'), body: JSON.parse(await response.text()) }
  }

  test('a Buffer is extracted once, with a message for each page', async () => {
    const pdf = tinyPdf('Norma tecnica\nTensao de 13,8 kV', 'Anexo')
    const first = await ask(pdf)
    assert.deepEqual([first.status, first.output, first.body.outcome, first.body.pages], [200, '1', 'extracted', 2])
    await red.line(/\[debug:page\][\s\S]*?page: 1,[\s\S]*?\[debug:page\][\s\S]*?page: 2,/)
    const second = await ask(pdf)
    assert.deepEqual([second.output, second.body.outcome], ['2', 'unchanged'])
  })

  test('a file of the allowed folder, which is relative to the user folder; nothing beside it', async () => {
    mkdirSync(join(red.userDir, 'documentos'))
    writeFileSync(join(red.userDir, 'documentos', 'norma.pdf'), tinyPdf('da pasta'))
    const { status, body } = await ask(JSON.stringify({ path: 'norma.pdf' }))
    assert.deepEqual([status, body.outcome, body.name], [200, 'extracted', 'norma.pdf'])
    const beside = await ask(JSON.stringify({ path: '../settings.js' }))
    assert.deepEqual([beside.status, beside.body.code], [500, 'PATH_REFUSED'])
  })

  test('what is no PDF reaches Catch with its code', async () => {
    const { status, body } = await ask(Buffer.from('<html><title>Acesso negado</title></html>'))
    assert.deepEqual([status, body.code], [500, 'NOT_PDF'])
  })

  test('formulas that are pictures are read by a model of the server that it points at', async () => {
    const { body } = await ask(Buffer.from(await pictured()))
    assert.deepEqual([body.outcome, body.formulas, body.unread, body.problems], ['extracted', 1, 0, []])
    assert.deepEqual(double.violations, [])
  })

  test('the password is nowhere to be read', async () => {
    const { body } = await ask(tinyPdf('outra'))
    assert.doesNotMatch(JSON.stringify(body), /segredo/)
    assert.doesNotMatch(red.output(), /segredo|passe/)
  })
})
