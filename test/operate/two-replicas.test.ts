import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { anybody, startAws } from '../helpers/fauxqs.ts'
import { type FlowNode, type NodeRed, startNodeRed } from '../helpers/node-red.ts'
import { type PostgresServer, startPostgres } from '../helpers/postgres-server.ts'
import { noRedis, type RedisServer, startRedis } from '../helpers/redis-server.ts'
import { type Portal, PRESETS, startPortal } from '../portal/server.ts'

/** A call by a flow: which process made it, for which slot of a schedule or button. */
interface Call {
  by: string
  slot: string
}

/** What both processes call; it answers a process that is in `silent` never. */
class Listener {
  readonly calls: Call[] = []
  readonly silent = new Set<string>()
  readonly server: Server = createServer(async (request, response) => {
    const by = request.url?.slice(1) ?? ''
    let slot = ''
    for await (const part of request) slot += String(part)
    this.calls.push({ by, slot })
    if (!this.silent.has(by)) response.end('ok')
  })

  async start(): Promise<number> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    const address = this.server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  async until(what: (calls: readonly Call[]) => boolean, seconds: number): Promise<void> {
    const end = Date.now() + seconds * 1_000
    while (!what(this.calls)) {
      assert.ok(Date.now() < end, `not within ${seconds} s: ${JSON.stringify(this.calls)}`)
      await sleep(100)
    }
  }
}

/** Trigger, a call with the run's slot, end; and a dataset into the common bucket. */
function flows(postgresUrl: string, redisUrl: string, s3Endpoint: string, portalUrl: string): FlowNode[] {
  const at = { z: 'tab', name: '', stores: 'stores' }
  const run = { ...at, type: 'ysh-run', timeZone: 'UTC', overlap: 'parallel', stallSeconds: 600, payload: '{}' }
  const ends = { queueLimit: 100, timeoutSeconds: 0, concurrency: 4 }
  return [
    { id: 'tab', type: 'tab', label: 'two replicas' },
    {
      ...{ id: 'stores', type: 'ysh-stores', name: '', folder: '', postgresUrl, redisUrl, keepDays: 90 },
      ...{ s3Bucket: 'files', s3Prefix: 'red', s3Region: 'us-east-1', s3Endpoint, allowAddresses: ['127.0.0.1'] },
    },
    {
      ...{ id: 'portal', type: 'ysh-aneel-portal', name: '', url: portalUrl, contact: '', tries: 2, backoffMs: 200 },
      ...{ connectTimeoutMs: 30_000, idleTimeoutMs: 90_000, totalTimeoutMs: 600_000 },
    },
    { ...run, ...ends, id: 'clock', schedule: '*/2 * * * * *', catchUp: 'skip', wires: [['slot']] },
    { ...run, ...ends, id: 'button', schedule: '', catchUp: 'skip', wires: [['slot']] },
    { ...run, ...ends, id: 'fetching', schedule: '', catchUp: 'skip', wires: [['fetch']] },
    {
      ...{ id: 'slot', type: 'change', z: 'tab', name: '', wires: [['call']] },
      rules: [{ t: 'set', p: 'payload', pt: 'msg', to: 'run.slot', tot: 'msg' }],
    },
    {
      ...{ id: 'said', type: 'change', z: 'tab', name: '', wires: [['call']] },
      rules: [{ t: 'set', p: 'payload', pt: 'msg', to: 'fetched', tot: 'str' }],
    },
    {
      ...{ id: 'call', type: 'http request', z: 'tab', name: '', method: 'POST', ret: 'txt', paytoqs: 'ignore' },
      ...{ url: '$' + '{LISTENER}', headers: [], wires: [['end']] },
    },
    {
      ...{ ...at, id: 'fetch', type: 'ysh-aneel-fetch', dataset: 'aneel.bandeira_acionamento', portal: 'portal' },
      ...{ parts: '', mode: 'incremental', format: 'csv', archive: true, keepPersonal: [], concurrency: 1 },
      ...{ queueLimit: 10, timeoutSeconds: 100, wires: [['said'], ['said']] },
    },
    { ...at, id: 'end', type: 'ysh-run-end', tolerance: '0', wires: [[], []] },
  ]
}

describe('two Node-REDs on one PostgreSQL, Redis and bucket', { timeout: 240_000, skip: noRedis }, () => {
  const listener = new Listener()
  let postgres: PostgresServer
  let redis: RedisServer
  let aws: Awaited<ReturnType<typeof startAws>>
  let portal: Portal
  let first: NodeRed
  let second: NodeRed
  let port = 0

  const start = (name: string, nodes: FlowNode[]) =>
    startNodeRed({
      flows: nodes,
      credentials: { stores: { s3AccessKeyId: anybody.accessKeyId, s3SecretAccessKey: anybody.secretAccessKey } },
      env: { YSH_REPLICA: name, LISTENER: `http://127.0.0.1:${port}/${name}` },
    })
  const press = async (red: NodeRed, id: string) => {
    const answer = await fetch(`${red.url}/ysh/ysh-run/${id}/press`, { method: 'POST' })
    assert.ok(answer.ok, `${answer.status} ${await answer.text()}`)
  }

  /** Fetches by one of them, until its run has ended; how many whole files it downloaded. */
  const fetched = async (red: NodeRed) => {
    const whole = () =>
      portal.requests.filter(({ status, path }) => status === 200 && path.includes('/download/')).length
    const [before, calls] = [whole(), listener.calls.length]
    await press(red, 'fetching')
    await listener.until((all) => all.slice(calls).some(({ slot }) => slot === 'fetched'), 60)
    return { files: whole() - before }
  }

  before(async () => {
    port = await listener.start()
    ;[postgres, redis, aws, portal] = await Promise.all([
      startPostgres(),
      startRedis(),
      startAws(),
      startPortal({ datasets: PRESETS.small }),
    ])
    aws.createBucket('files')
    const nodes = flows(postgres.url, redis.url, aws.endpoint, portal.url)
    first = await start('first', nodes)
    second = await start('second', nodes)
  })
  after(async () => {
    await first?.dispose()
    await second?.dispose()
    await portal?.close()
    await aws?.stop()
    await redis?.stop()
    await postgres?.stop()
    listener.server.closeAllConnections()
    listener.server.close()
  })

  test('a schedule fires once for both', async () => {
    const scheduled = (calls: readonly Call[]) => calls.filter(({ slot }) => /^\d{4}-/.test(slot))
    await listener.until((calls) => scheduled(calls).length >= 6, 60)
    const slots = scheduled(listener.calls).map(({ slot }) => slot)
    assert.deepEqual([...new Set(slots)], slots, 'each slot once')
  })

  test('what one has fetched is no news to the other', async () => {
    const { files } = await fetched(first)
    assert.ok(files > 0, 'the first downloads it')
    assert.equal((await fetched(second)).files, 0, 'the second is told that nothing has changed')
  })

  test('a run of a killed process is taken up by the other, and ends once', async () => {
    listener.silent.add('first')
    await press(first, 'button')
    const pressed = (by: string) => (calls: readonly Call[]) =>
      calls.some((call) => call.by === by && call.slot.startsWith('manual'))
    await Promise.race([listener.until(pressed('first'), 30), listener.until(pressed('second'), 30)])
    const slot = listener.calls.find((call) => call.slot.startsWith('manual'))?.slot
    process.kill(first.pid, 'SIGKILL')
    const killed = Date.now()
    await listener.until((calls) => calls.some((call) => call.by === 'second' && call.slot === slot), 60)
    console.log(`taken up after ${Date.now() - killed} ms`)
    await sleep(1_000)
    assert.equal(listener.calls.filter((call) => call.by === 'second' && call.slot === slot).length, 1)
  })

  test('the one that is left has the schedule', async () => {
    const before = listener.calls.length
    await listener.until(
      (calls) => calls.slice(before).filter(({ by, slot }) => by === 'second' && /^\d{4}-/.test(slot)).length >= 2,
      30,
    )
  })
})
