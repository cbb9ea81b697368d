import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type FlowNode, type NodeRed, startNodeRed } from '../../helpers/node-red.ts'

const at = { z: 'tab', x: 100, y: 100 }

/** `POST /index` and `POST /search` -> the node -> its payload and the number of the output; 500 with the error. */
function flows(): FlowNode[] {
  const answer = (id: string, output: number): FlowNode => ({
    ...{ id, type: 'change', ...at, wires: [['out']] },
    rules: [{ t: 'set', p: 'headers', pt: 'msg', to: JSON.stringify({ output: String(output) }), tot: 'json' }],
  })
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'stores', type: 'ysh-stores', name: '', folder: '' },
    { id: 'in', type: 'http in', ...at, url: '/index', method: 'post', wires: [['index']] },
    {
      ...{ id: 'index', type: 'ysh-vector-index', ...at, stores: 'stores', ollama: '' },
      ...{ collection: 'normas', facets: ['tipo=norma'], wires: [['one'], ['two']] },
    },
    { id: 'ask', type: 'http in', ...at, url: '/search', method: 'post', wires: [['search']] },
    {
      ...{ id: 'search', type: 'ysh-vector-search', ...at, stores: 'stores', ollama: '' },
      ...{ collection: 'normas', filter: ['tipo=norma'], wires: [['one'], ['two']] },
    },
    answer('one', 1),
    answer('two', 2),
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

describe('ysh-vector-index and ysh-vector-search in Node-RED', { timeout: 240_000 }, () => {
  let red: NodeRed
  before(async () => {
    red = await startNodeRed({ flows: flows() })
  })
  after(() => red?.dispose())

  async function post(path: string, body: unknown) {
    const text = typeof body === 'string'
    const response = await fetch(`${red.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': text ? 'text/plain' : 'application/json' },
      body: text ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(90_000),
    })
    const answer: Record<string, unknown> = JSON.parse(await response.text())
    return { status: response.status, output: response.headers.get('output'), answer }
  }

  test('a document is indexed, left alone, found with its citation; nothing found and errors have their ways', async () => {
    const unknown = await post('/search', 'qual o prazo?')
    assert.deepEqual([unknown.status, unknown.answer.code], [500, 'COLLECTION_UNKNOWN'])
    const ren = {
      document: 'ren-1000',
      title: 'REN 1000/2021',
      url: 'https://www.aneel.gov.br/ren1000.pdf',
      text: 'CAPÍTULO I\nDO PRAZO\n\nArt. 1º A distribuidora deve responder à reclamação em até 5 dias úteis.',
    }
    const first = await post('/index', ren)
    assert.deepEqual([first.status, first.output, first.answer.outcome, first.answer.chunks], [200, '1', 'indexed', 1])
    const same = await post('/index', ren)
    assert.deepEqual([same.output, same.answer.outcome], ['2', 'unchanged'])
    const found = await post('/search', 'reclamacoes: qual o prazo de resposta?')
    assert.deepEqual([found.status, found.output, found.answer.degraded], [200, '1', false])
    assert.match(JSON.stringify(found.answer.hits), /"title":"REN 1000\/2021"/)
    assert.match(
      String(found.answer.context),
      /^\[1\] REN 1000\/2021, CAPÍTULO I DO PRAZO, Art\. 1º\nArt\. 1º A distribuidora/,
    )
    const none = await post('/search', { question: 'prazo', filter: { tipo: 'lei' } })
    assert.deepEqual([none.status, none.output, none.answer.hits], [200, '2', []])
    const wrong = await post('/index', { text: 'sem id' })
    assert.deepEqual([wrong.status, wrong.answer.code], [500, 'INDEX_INPUT'])
  })
})
