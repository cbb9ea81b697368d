import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { loopback } from '../../helpers/loopback.ts'
import { type FlowNode, type NodeRed, startNodeRed } from '../../helpers/node-red.ts'
import { openSite, type Site, trialRecipe } from '../../helpers/scraping.ts'

const page = (
  price: string,
  heading = 'Tarifa convencional',
) => `<html><head><title>T</title></head><body><h2>${heading}</h2>
<table><tr><th>Subgrupo</th><th>Energia (R$/kWh)</th></tr><tr><td>B1</td><td>${price}</td></tr></table>
<a href="/nd1.pdf">Norma 1</a> <a href="/nd2.pdf">Norma 2</a></body></html>`

const at = { z: 'tab', x: 100, y: 100 }
const scrape = (url: string): FlowNode => ({
  ...{ id: 'scrape', type: 'ysh-utility-scrape', ...at, url, stores: 'stores', ownRecipe: JSON.stringify(trialRecipe) },
  ...{ paceMs: '0', tries: '1', backoffMs: '5' },
})

/** `POST /scrape` -> ysh-utility-scrape -> manifest and number of the output; 500 with the error. */
function flows(url: string): FlowNode[] {
  const answer = (id: string, output: number): FlowNode => ({
    ...{ id, type: 'change', ...at, wires: [['out']] },
    rules: [{ t: 'set', p: 'headers', pt: 'msg', to: JSON.stringify({ output: String(output) }), tot: 'json' }],
  })
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'stores', type: 'ysh-stores', name: '', folder: '', allowAddresses: loopback },
    { id: 'in', type: 'http in', ...at, url: '/scrape', method: 'post', wires: [['scrape']] },
    { ...scrape(url), wires: [['one'], ['two'], ['three']] },
    answer('one', 1),
    answer('two', 2),
    answer('three', 3),
    { id: 'out', type: 'http response', ...at, statusCode: '', headers: {}, wires: [] },
    { id: 'catch', type: 'catch', ...at, scope: null, uncaught: false, wires: [['failed']] },
    {
      ...{ id: 'failed', type: 'change', ...at, wires: [['out']] },
      rules: [
        { t: 'set', p: 'payload', pt: 'msg', to: 'error', tot: 'msg' },
        { t: 'set', p: 'statusCode', pt: 'msg', to: '500', tot: 'num' },
      ],
    },
    {
      id: 'bad',
      type: 'ysh-utility-scrape',
      ...at,
      stores: 'stores',
      ownRecipe: '{"recipe":"x"}',
      wires: [[], [], []],
    },
    // a run over the documents of the page
    { id: 'start', type: 'http in', ...at, url: '/run', method: 'post', wires: [['run', 'accepted']] },
    { id: 'accepted', type: 'http response', ...at, statusCode: '202', headers: {}, wires: [] },
    { id: 'run', type: 'ysh-run', ...at, stores: 'stores', schedule: '', wires: [['page']] },
    { ...scrape(url), id: 'page', mode: 'full', wires: [['each'], ['each'], ['each']] },
    {
      id: 'each',
      type: 'ysh-each',
      ...at,
      stores: 'stores',
      listAt: 'documents',
      key: 'url',
      window: '1',
      wires: [['doc', 'doc2'], ['end']],
    },
    {
      id: 'doc',
      type: 'debug',
      ...at,
      name: 'doc',
      active: true,
      console: true,
      complete: 'payload',
      targetType: 'msg',
      wires: [],
    },
    { id: 'doc2', type: 'change', ...at, rules: [], wires: [['join']] },
    { id: 'join', type: 'ysh-join', ...at, stores: 'stores', wires: [['end']] },
    { id: 'end', type: 'ysh-run-end', ...at, stores: 'stores', tolerance: '0', wires: [['done'], ['done']] },
    {
      id: 'done',
      type: 'debug',
      ...at,
      name: 'done',
      active: true,
      console: true,
      complete: 'payload',
      targetType: 'msg',
      wires: [],
    },
  ]
}

describe('the node ysh-utility-scrape in Node-RED', { timeout: 240_000 }, () => {
  let site: Site
  let red: NodeRed
  before(async () => {
    site = await openSite(page('0,61791'))
    red = await startNodeRed({ flows: flows(site.url) })
  })
  after(async () => {
    await red?.dispose()
    await site?.close()
  })

  async function ask(body = {}): Promise<{ status: number; output: string | null; body: Record<string, unknown> }> {
    const response = await fetch(`${red.url}/scrape`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(90_000),
    })
    return { status: response.status, output: response.headers.get('output'), body: JSON.parse(await response.text()) }
  }

  test('publishes, finds nothing new, holds a new layout, accepts it by message', async () => {
    const first = await ask()
    assert.deepEqual([first.status, first.output, first.body.outcome], [200, '1', 'published'])
    const second = await ask()
    assert.deepEqual([second.output, second.body.outcome], ['2', 'unchanged'])
    site.page.body = page('0,7', 'Tarifa convencional (com tributos)')
    const third = await ask()
    assert.deepEqual([third.output, third.body.outcome, third.body.tier], ['3', 'stale', 'cache'])
    const { fingerprint } = Object(third.body.layout)
    const fourth = await ask({ acceptLayout: fingerprint })
    assert.deepEqual([fourth.output, fourth.body.outcome], ['1', 'published'])
  })

  test('an error reaches Catch with its code, and says what stays served', async () => {
    site.page.body =
      '<html><body><h1>Nada</h1><p>Estamos trabalhando nesta página para melhor atender você.</p></body></html>'
    const { status, body } = await ask()
    assert.equal(status, 500)
    assert.equal(body.code, 'TABLE_NOT_FOUND')
    assert.match(String(body.message), /no table at all.*Version 2 .* stays served/)
    site.page.body = page('0,7', 'Tarifa convencional (com tributos)')
  })

  test('a recipe that is not valid is a red ring with a clear message when it is deployed', async () => {
    await red.line(/ysh-utility-scrape: The recipe is not valid: .*title/)
  })

  test('documents of the page go out as items of a run', async () => {
    await fetch(`${red.url}/run`, { method: 'POST' })
    await red.line(/\[debug:doc\][\s\S]*?nd1\.pdf/)
    await red.line(/\[debug:doc\][\s\S]*?nd2\.pdf/)
    await red.line(/\[debug:done\][\s\S]*?done: 2/)
  })
})
