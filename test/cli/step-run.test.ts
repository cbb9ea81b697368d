import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { main } from '../../lib/cli/main.ts'
import { run } from '../../lib/cli/run.ts'
import { step } from '../../lib/cli/step.ts'
import { PipelineError } from '../../lib/errors.ts'
import { canonicalFile } from '../../lib/portable/canonical.ts'
import { compile } from '../../lib/portable/plan/compile.ts'
import type { Entries } from '../../lib/portable/runtime/entries.ts'
import { runId } from '../../lib/runs/identity.ts'
import { openPostgres } from '../../lib/stores/postgres/index.ts'
import { type PostgresServer, startPostgres } from '../helpers/postgres-server.ts'
import type { Case } from '../portable/cases.ts'
import { scriptedSteps } from '../portable/cases.ts'
import { scriptedEntries, testFolder } from '../portable/engine.ts'

const node = (id: string, type: string, wires: string[][], settings: object = {}) => ({
  ...{ id, type, z: 'tab', name: id, wires },
  ...settings,
})

describe('ysh-pipeline step and run', () => {
  const { folder, remove } = testFolder()
  let server: PostgresServer
  let env: Record<string, string>
  before(async () => {
    server = await startPostgres()
    env = { YSH_POSTGRES: server.url, YSH_FOLDER: join(folder, 'data') }
  })
  after(async () => {
    await server.stop()
    remove()
  })

  function console_() {
    const out: string[] = []
    const err: string[] = []
    const io = { env, out: (text: string) => out.push(text), err: (text: string) => err.push(text) }
    return { io, out, err }
  }
  async function flow(name: string, ...nodes: object[]) {
    const file = join(folder, `${name}.json`)
    await writeFile(file, JSON.stringify([{ id: 'tab', type: 'tab' }, ...nodes]))
    return file
  }
  const listed = () =>
    flow(
      'listed',
      node('run', 'ysh-run', [['each']], { payload: '{"list":["a","b"]}' }),
      node('each', 'ysh-each', [['tell'], ['end']], { listAt: 'list' }),
      node('tell', 'ysh-notify', [['join']], { webhooks: 'https://example.com/x' }),
      node('join', 'ysh-join', [['end']]),
      node('end', 'ysh-run-end', [[], []]),
    )

  test('run: a flow with a list; the same slot again does nothing again', async () => {
    const file = await listed()
    const first = console_()
    assert.equal(await main(['run', file, '--slot', 'one'], first.io), 0)
    assert.match(first.out.join('\n'), /^run: done \(run [0-9a-f-]{36}, slot one\)$/)
    assert.equal(first.err.filter((line) => line.startsWith('done  tell')).length, 2)
    const again = console_()
    assert.equal(await main(['run', file, '--slot', 'one', '--json'], again.io), 0)
    assert.deepEqual(again.err, [])
    const { outcome, payload } = JSON.parse(again.out.join(''))
    assert.deepEqual([outcome, payload.done, payload.failed], ['done', 2, 0])
  })

  test('run: what is refused names the node; wrong use says so', async () => {
    const file = await flow('code', node('run', 'ysh-run', [['f']]), node('f', 'function', [['run']]))
    const { io, err } = console_()
    assert.equal(await main(['run', file], io), 2)
    assert.match(err.join('\n'), /FLOW_REFUSED: .*\nCODE {2}f \(f\)/)
    assert.equal(await main(['run'], io), 2)
    assert.equal(await main(['run', file, '--payload', '{'], io), 2)
    assert.equal(await main(['run', join(folder, 'none.json')], io), 2)
  })

  test('run: tries that the deadline cuts off end the run in the journal as well', async () => {
    const { plan, diagnostics } = compile(
      [
        { id: 'tab', type: 'tab' },
        node('cut', 'ysh-run', [['s']]),
        node('s', 'ysh-scripted', [['end'], ['end']]),
        node('end', 'ysh-run-end', [[], []]),
        node('c', 'catch', [['again']], { scope: ['s'] }),
        node('again', 'ysh-retry-backoff', [['s'], ['end']], { attempts: 3, baseSeconds: 1, deadlineSeconds: 10 }),
      ],
      { steps: scriptedSteps },
    )
    assert.ok(plan, JSON.stringify(diagnostics))
    // A plan may have tries and nobody who gets the last error; then only who counts the time knows that it was the last.
    for (const { nodes } of plan.pipelines.flatMap(({ regions }) => regions))
      for (const one of nodes) if (one.kind === 'step') one.catch = null
    const file = join(folder, 'cut.plan.json')
    await writeFile(file, canonicalFile(plan))
    let tries = 0
    const entries: Entries = {
      'ysh-scripted': async () => async () => {
        tries += 1
        // a longer wait than the deadline has time for, so that nobody has to wait here
        throw new PipelineError('HTTP_429', 'busy', { retryable: true, retryAfterMs: 30_000 })
      },
    }
    const { io, out } = console_()
    assert.equal(await run([file, '--slot', 'cut', '--json'], io, entries), 1)
    assert.equal(tries, 1, 'two more are left, for which there is no time')
    assert.equal(JSON.parse(out.join('')).error.code, 'HTTP_429')
    const store = await openPostgres({ kind: 'server', url: server.url })
    const { rows } = await store
      .query("select state, error->>'code' as code from pipeline.run where id = $1", [runId('cut', 'cut')])
      .finally(() => store.close())
    assert.deepEqual(rows, [{ state: 'failed', code: 'HTTP_429' }])
  })

  test('run: SIGTERM ends it with 75, and the same slot goes on', async () => {
    const file = await flow(
      'slow',
      node('slow', 'ysh-run', [['tell-slow']]),
      node('tell-slow', 'ysh-notify', [['wait']], { webhooks: 'https://example.com/x' }),
      node('wait', 'delay', [['end-slow']], { pauseType: 'delay', timeout: '60', timeoutUnits: 'seconds' }),
      node('end-slow', 'ysh-run-end', [[], []]),
    )
    const cli = fileURLToPath(new URL('../../cli.ts', import.meta.url))
    const run = async () => {
      const child = spawn(process.execPath, [cli, 'run', file, '--slot', 'x'], { env: { ...process.env, ...env } })
      let said = ''
      let told = false
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
      const asking = setInterval(() => {
        if (told || !said.includes('wait  wait: 60 s')) return
        told = true
        child.kill('SIGTERM')
      }, 50)
      const [code] = await once(child, 'exit')
      clearInterval(asking)
      return { code, said }
    }
    const first = await run()
    assert.equal(first.code, 75, first.said)
    assert.match(first.said, /^STOPPED: /m)
    const second = await run()
    assert.equal(second.code, 75, second.said)
    assert.doesNotMatch(second.said, /done {2}tell-slow/)
  })

  test('doctor: says what is well and what is not, with code and remedy', async () => {
    const good = console_()
    const file = await listed()
    await main(['doctor', file, '--json'], good.io)
    const { checks } = JSON.parse(good.out.join(''))
    const of = (what: string) => checks.find((one: { what: string }) => one.what === what)
    for (const what of ['node', 'clock', 'tables runs', 'store postgres']) assert.equal(of(what)?.is, 'good', what)
    assert.match(of('flow').remedy ?? of('flow').found, /lint|0 errors/)
    const bad = console_()
    const away = { ...bad.io, env: { ...env, YSH_POSTGRES: 'postgres://nobody:secret-word@127.0.0.1:9/none' } }
    assert.equal(await main(['doctor'], away), 1)
    assert.match(bad.out.join('\n'), /^bad {7}store postgres: STORE_UNAVAILABLE: .*\n {10}docs\/errors.md/m)
    assert.doesNotMatch(bad.out.join('\n'), /secret-word/)
    assert.equal(await main(['doctor', '--nothing'], bad.io), 2)
  })

  describe('step', () => {
    const nodes = [
      { id: 'tab', type: 'tab' },
      node('run', 'ysh-run', [['s']]),
      node('s', 'ysh-scripted', [['end'], ['end']]),
      node('end', 'ysh-run-end', [[], []]),
      node('c', 'catch', [['again']], { scope: ['s'] }),
      node('again', 'ysh-retry-backoff', [['s'], ['end']], { attempts: 3, baseSeconds: 1 }),
    ]
    async function setup() {
      const { plan, diagnostics } = compile(nodes, { steps: scriptedSteps })
      assert.ok(plan, JSON.stringify(diagnostics))
      const file = join(folder, 'step.plan.json')
      await writeFile(file, canonicalFile(plan))
      return file
    }
    async function call(script: Case['script'], slot: string, retries = 0) {
      const plan = await setup()
      const input = join(folder, 'call.json')
      const out = join(folder, 'result.json')
      await writeFile(
        input,
        JSON.stringify({
          pipeline: 'run',
          units: ['s'],
          retries,
          execution: slot,
          state: { message: { payload: {} } },
        }),
      )
      const { io, err } = console_()
      const args = ['ysh-scripted', '--plan', plan, '--node', 's', '--run', slot, '--attempt', String(retries + 1)]
      const code = await step([...args, '--input', input, '--out', out], io, scriptedEntries(script))
      return { code, result: JSON.parse(await readFile(out, 'utf8')), err: err.join('\n') }
    }

    test('0 with the state; a second call is answered from the journal', async () => {
      const first = await call({}, 'done')
      assert.equal(first.code, 0)
      assert.deepEqual(first.result.message.payload, { step: 's', item: '' })
      assert.equal(first.result.port, 'done')
      assert.equal(first.result.error, null)
      // Done anew it would fail now.
      assert.deepEqual(await call({ s: { '*': [{ error: 'permanent' }] } }, 'done'), first)
    })

    test('75 for another try, 1 for a final error, with code and class', async () => {
      const script: Case['script'] = { s: { '': [{ error: 'retryable', code: 'NET_CUT' }, { error: 'timeout' }, {}] } }
      const first = await call(script, 'again')
      assert.deepEqual([first.code, first.result.class, first.result.code], [75, 'retryable', 'NET_CUT'])
      assert.match(first.err, /^NET_CUT: scripted retryable$/m)
      assert.equal((await call(script, 'again', 1)).result.class, 'timeout')
      assert.equal((await call(script, 'again', 2)).code, 0)
      const final = await call({ s: { '': [{ error: 'permanent' }] } }, 'final')
      assert.deepEqual([final.code, final.result.class, final.result.source.id], [1, 'permanent', 's'])
    })

    test('wrong use is 2', async () => {
      const plan = await setup()
      const { io } = console_()
      assert.equal(await step(['x', '--plan', plan], io), 2)
      assert.equal(await step(['x', '--plan', join(folder, 'none'), '--node', 's'], io), 2)
      const input = join(folder, 'other.json')
      const state = { message: {}, run: { id: 'a', flow: 'run', slot: 's', item: '' } }
      await writeFile(input, JSON.stringify({ pipeline: 'run', units: ['s'], state }))
      assert.equal(await step(['x', '--plan', plan, '--node', 's', '--run', 'b', '--input', input], io), 2)
    })
  })
})
