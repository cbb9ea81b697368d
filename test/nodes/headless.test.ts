import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { loopback } from '../helpers/loopback.ts'
import { type FlowNode, type NodeRed, newUserDir, startNodeRed } from '../helpers/node-red.ts'
import { type Portal, startPortal } from '../portal/server.ts'

const packageJson: { 'node-red': { nodes: Record<string, string> } } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
)

/** `POST /fetch {dataset}` -> ysh-aneel-fetch -> the manifest, its output's number and the run; 500 with the code on an error. */
function flowsFor(portal: string, extra: Record<string, unknown> = {}): FlowNode[] {
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    {
      id: 'stores',
      type: 'ysh-stores',
      name: '',
      folder: '',
      postgresUrl: '',
      redisUrl: '',
      keepDays: '90',
      allowAddresses: loopback,
      ...extra,
    },
    {
      id: 'portal',
      type: 'ysh-aneel-portal',
      name: '',
      url: portal,
      tries: '2',
      backoffMs: '10',
      connectTimeoutMs: '2000',
    },
    { id: 'in', type: 'http in', z: 'tab', url: '/fetch', method: 'post', x: 100, y: 100, wires: [['fetch']] },
    {
      id: 'fetch',
      type: 'ysh-aneel-fetch',
      z: 'tab',
      dataset: '',
      stores: 'stores',
      portal: 'portal',
      x: 300,
      y: 100,
      wires: [['one'], ['two']],
    },
    {
      id: 'one',
      type: 'change',
      z: 'tab',
      rules: [{ t: 'set', p: 'headers', pt: 'msg', to: '{"output":"1"}', tot: 'json' }],
      x: 500,
      y: 80,
      wires: [['out']],
    },
    {
      id: 'two',
      type: 'change',
      z: 'tab',
      rules: [{ t: 'set', p: 'headers', pt: 'msg', to: '{"output":"2"}', tot: 'json' }],
      x: 500,
      y: 120,
      wires: [['out']],
    },
    { id: 'out', type: 'http response', z: 'tab', statusCode: '', headers: {}, x: 700, y: 100, wires: [] },
    { id: 'catch', type: 'catch', z: 'tab', scope: null, uncaught: false, x: 100, y: 200, wires: [['failed']] },
    {
      id: 'failed',
      type: 'change',
      z: 'tab',
      rules: [
        { t: 'set', p: 'payload', pt: 'msg', to: 'error', tot: 'msg' },
        { t: 'set', p: 'statusCode', pt: 'msg', to: '500', tot: 'num' },
      ],
      x: 300,
      y: 200,
      wires: [['out']],
    },
  ]
}

interface Answer {
  status: number
  output: string | null
  body: Record<string, unknown>
}

async function ask(red: NodeRed, dataset: string): Promise<Answer> {
  const response = await fetch(`${red.url}/fetch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ dataset }),
    signal: AbortSignal.timeout(90_000),
  })
  return { status: response.status, output: response.headers.get('output'), body: JSON.parse(await response.text()) }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!condition()) {
    assert.ok(Date.now() < deadline, 'it never came to that')
    await sleep(20)
  }
}

/** Process ids of the children of a process. */
function childrenOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter((id) => id !== '')
}

for (const version of [5, 4] as const) {
  describe(`Node-RED ${version}`, { timeout: 300_000 }, () => {
    let portal: Portal
    let red: NodeRed
    const userDir = newUserDir()
    before(async () => {
      portal = await startPortal({ datasets: { bandeira_acionamento: 120, tarifas: 500 } })
      red = await startNodeRed({ version, flows: flowsFor(portal.url), userDir })
    })
    after(async () => {
      await red?.dispose()
      await portal?.close()
      rmSync(userDir, { recursive: true, force: true, maxRetries: 5 })
    })

    test('loads every node of the package', async () => {
      const response = await fetch(`${red.url}/nodes`, { headers: { accept: 'application/json' } })
      const sets: { module: string; name: string; err?: unknown; enabled: boolean; types: string[] }[] = JSON.parse(
        await response.text(),
      )
      const ours = sets.filter((set) => set.module === '@ysh/node-red-data-pipeline')
      assert.deepEqual(ours.map((set) => set.name).sort(), Object.keys(packageJson['node-red'].nodes).sort())
      for (const set of ours) {
        assert.equal(set.err, undefined, set.name)
        assert.equal(set.enabled, true, set.name)
        assert.deepEqual(set.types, [set.name])
      }
    })

    test('a flow publishes a dataset through output 1, and finds it unchanged through output 2', async () => {
      const first = await ask(red, 'aneel.bandeira_acionamento')
      assert.equal(first.status, 200, JSON.stringify(first.body))
      assert.equal(first.output, '1')
      assert.equal(first.body.outcome, 'published')
      const expected = portal.downloads().find((each) => each.dataset === 'bandeira_acionamento')
      assert.equal(first.body.rows, expected?.rows)
      const second = await ask(red, 'aneel.bandeira_acionamento')
      assert.equal(second.output, '2')
      assert.equal(second.body.outcome, 'unchanged')
    })

    test('an error reaches Catch with its code, and the process lives on', async () => {
      const answer = await ask(red, 'no such dataset!')
      assert.equal(answer.status, 500)
      assert.equal(answer.body.code, 'UNKNOWN_DATASET')
      assert.equal(JSON.stringify(answer.body.source).includes('"ysh-aneel-fetch"'), true)
      assert.equal((await ask(red, 'aneel.bandeira_acionamento')).status, 200)
      assert.doesNotMatch(red.output(), /Uncaught|unhandled/i)
    })

    test('a deploy keeps the embedded database running', async () => {
      const before = childrenOf(red.pid)
      assert.notEqual(before.length, 0, 'the embedded database is a child process')
      await red.deploy(flowsFor(portal.url).map((node) => (node.id === 'fetch' ? { ...node, name: 'renamed' } : node)))
      assert.equal((await ask(red, 'aneel.bandeira_acionamento')).output, '2')
      assert.deepEqual(childrenOf(red.pid), before)
    })

    test('a message that a deploy cuts off is named as lost in the log, and the node works again', async () => {
      const stall = portal.misbehave({ kind: 'slow', stallAfter: 100, match: 'tarifas' })
      // Its answer never comes: the flow that would give it is gone.
      const cut = ask(red, 'aneel.tarifas').catch(() => undefined)
      await until(() => stall.applied > 0)
      await red.deploy(flowsFor(portal.url))
      stall.remove()
      await red.line(/outside any run was cut off/)
      const again = await ask(red, 'aneel.tarifas')
      assert.equal(again.body.outcome, 'published', JSON.stringify(again.body))
      void cut
    })

    test('what is in our own network is fetched from only where it is allowed, also for the form', async () => {
      const listed = async () => {
        const response = await fetch(`${red.url}/ysh/aneel/datasets?portal=portal`)
        const { note }: { note?: { code?: string } } = JSON.parse(await response.text())
        return note?.code
      }
      await red.deploy(flowsFor(portal.url, { allowAddresses: [] }))
      const asked = portal.requests.length
      const refused = await ask(red, 'aneel.bandeira_acionamento')
      assert.equal(refused.body.code, 'ADDRESS_REFUSED', JSON.stringify(refused.body))
      assert.equal(await listed(), 'ADDRESS_REFUSED')
      assert.equal(portal.requests.length, asked)
      // an entry that cannot be read is an error of the node, not of the first fetch
      await red.deploy(flowsFor(portal.url, { allowAddresses: ['*'] }))
      const bad = await ask(red, 'aneel.bandeira_acionamento')
      assert.equal(bad.body.code, 'CONFIG')
      assert.match(String(bad.body.message), /"\*" is no address to allow/)
      await red.deploy(flowsFor(portal.url, { allowAddresses: new URL(portal.url).host }))
      assert.equal((await ask(red, 'aneel.bandeira_acionamento')).status, 200)
    })

    test('SIGTERM ends it in good order, without orphans; the data are there after a restart', async () => {
      const { code, milliseconds, orphans } = await red.stop()
      assert.equal(code, 0, red.output().slice(-2_000))
      assert.equal(orphans, false)
      assert.ok(milliseconds < 12_000, `${milliseconds} ms`)
      red = await startNodeRed({ version, flows: flowsFor(portal.url), userDir })
      assert.equal((await ask(red, 'aneel.bandeira_acionamento')).output, '2')
    })

    test('stores that cannot be opened are an error of the message, with its code', async () => {
      await red.deploy(flowsFor(portal.url, { postgresUrl: 'postgresql://nobody@127.0.0.1:9/none' }))
      const answer = await ask(red, 'aneel.bandeira_acionamento')
      assert.equal(answer.status, 500)
      assert.match(String(answer.body.code), /^STORE_/)
    })
  })
}

describe('an editor with a login', { timeout: 60_000 }, () => {
  test('keeps the list of datasets and the buttons from strangers', async () => {
    const password = '$2y$08$N2Qw5b1sVY1m6lP5hY5uUuX1S0c4yqkq0m0g1m8b0mJ0cQ1fP1m5K'
    const red = await startNodeRed({
      flows: [{ id: 'tab', type: 'tab' }],
      settings: { adminAuth: { type: 'credentials', users: [{ username: 'ysh', password, permissions: '*' }] } },
    })
    try {
      assert.equal((await fetch(`${red.url}/ysh/aneel/datasets`)).status, 401)
      assert.equal((await fetch(`${red.url}/ysh/ysh-run/any/press`, { method: 'POST' })).status, 401)
    } finally {
      await red.dispose()
    }
  })
})
