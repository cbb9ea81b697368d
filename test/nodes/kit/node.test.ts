import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { PipelineError } from '../../../lib/errors.ts'
import { Type } from '../../../lib/schema.ts'
import { defineNode } from '../../../nodes/kit/declaration.ts'
import { type Behaviour, type NodeHandle, registerNode, type Work } from '../../../nodes/kit/node.ts'
import type { Message, NodeStatus, Red } from '../../../nodes/kit/red.ts'
import type { FlowNode } from '../../helpers/node-red.ts'
import { helper } from '../../helpers/node-test-helper.ts'

const options = { timeout: 20_000 }
const declaration = defineNode({
  type: 'ysh-sample',
  category: 'ysh',
  outputs: ['one'],
  config: Type.Object({ size: Type.Integer({ default: 3, minimum: 1 }), mark: Type.String({ default: '' }) }),
  limits: { concurrency: 1, queueLimit: 2, timeoutSeconds: 0 },
  form: [],
})
const place = defineNode({
  type: 'ysh-place',
  category: 'config',
  config: Type.Object({ url: Type.String({ minLength: 1 }) }),
  form: [],
})
const user = defineNode({
  type: 'ysh-user',
  category: 'ysh',
  outputs: ['one'],
  config: Type.Object({ place: place.config, size: Type.Integer({ default: 1 }) }),
  references: { place: { type: 'ysh-place' } },
  form: [],
})

class Service {
  readonly word = 'from the service'
}

/** What a test's node does with each message. */
let work: (message: Message, work: Work, handle: NodeHandle<{ size: number; mark: string }>) => ReturnType<NonNullable<Behaviour['input']>>
let closed: (removed: boolean) => Promise<void> = async () => {}

function nodes(red: Red): void {
  registerNode(red, declaration, (handle) => ({
    input: (message, context) => work(message, context, handle),
    close: (removed) => closed(removed),
  }))
  registerNode(red, place, () => ({ service: new Service() }))
  registerNode(red, user, (handle) => {
    const service = handle.use('place', Service)
    return { input: () => ({ outputs: [{ payload: [handle.config.place.url, service.word] }] }) }
  })
}

/** sample -> out, with Catch and Complete behind it. */
function flow(sample: Record<string, unknown> = {}): FlowNode[] {
  return [
    { id: 'tab', type: 'tab' },
    { id: 'sample', type: 'ysh-sample', z: 'tab', x: 1, y: 1, wires: [['out']], ...sample },
    { id: 'out', type: 'helper', z: 'tab', x: 1, y: 1, wires: [] },
    { id: 'catch', type: 'catch', z: 'tab', x: 1, y: 1, scope: null, uncaught: false, wires: [['caught']] },
    { id: 'caught', type: 'helper', z: 'tab', x: 1, y: 1, wires: [] },
    { id: 'complete', type: 'complete', z: 'tab', x: 1, y: 1, scope: ['sample'], uncaught: false, wires: [['completed']] },
    { id: 'completed', type: 'helper', z: 'tab', x: 1, y: 1, wires: [] },
  ]
}

interface Seen {
  out: Message[]
  caught: Message[]
  completed: Message[]
  statuses: NodeStatus[]
  /** Resolves when so many messages have come to an end, well or not. */
  ended(count: number): Promise<void>
}

async function run(sample: Record<string, unknown> = {}): Promise<Seen> {
  await helper.load([nodes], flow(sample))
  const seen: Omit<Seen, 'ended'> = { out: [], caught: [], completed: [], statuses: [] }
  const waiting: { count: number; resolve: () => void }[] = []
  const look = () => {
    for (const { count, resolve } of waiting) if (seen.caught.length + seen.completed.length >= count) resolve()
  }
  for (const name of ['out', 'caught', 'completed'] as const) {
    helper.getNode(name).on('input', (message) => {
      seen[name].push(message)
      look()
    })
  }
  helper.getNode('sample').on('call:status', (call) => seen.statuses.push(call.args[0]))
  return {
    ...seen,
    ended: (count) =>
      new Promise((resolve) => {
        waiting.push({ count, resolve })
        look()
      }),
  }
}

const give = (message: Message) => helper.getNode('sample').receive(message)
const codeOf = (message: Message | undefined) => (message?.error as { code?: string } | undefined)?.code

/** A promise to be settled from outside. */
function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

afterEach(async () => {
  closed = async () => {}
  await helper.unload()
})

describe('the wrapper of every node', options, () => {
  test('sends what the behaviour replies, keeps other properties, and completes once', async () => {
    work = (message) => ({ outputs: [{ ...message, payload: 2 }] })
    const seen = await run()
    give({ payload: 1, topic: 'kept', extra: { deep: true } })
    await seen.ended(1)
    assert.equal(seen.out[0]?.payload, 2)
    assert.equal(seen.out[0]?.topic, 'kept')
    assert.deepEqual(seen.out[0]?.extra, { deep: true })
    assert.deepEqual([seen.completed.length, seen.caught.length], [1, 0])
  })

  for (const [name, fail] of [
    ['throws', () => { throw new PipelineError('SOME_CODE', 'words', { retryable: true, cause: new Error('deep') }) }],
    ['rejects', async () => { throw new PipelineError('SOME_CODE', 'words', { retryable: true, cause: new Error('deep') }) }],
  ] as const) {
    test(`an error of a handler that ${name} goes to Catch with its code and a plain cause`, async () => {
      const escaped: unknown[] = []
      const note = (reason: unknown) => escaped.push(reason)
      process.on('unhandledRejection', note)
      work = fail
      const seen = await run()
      give({ payload: 1, topic: 'kept' })
      await seen.ended(1)
      process.off('unhandledRejection', note)
      assert.deepEqual([seen.completed.length, seen.caught.length, seen.out.length], [0, 1, 0])
      const error = seen.caught[0]?.error as { message: string; code: string; cause: unknown }
      assert.equal(error.code, 'SOME_CODE')
      assert.match(error.message, /words/)
      assert.deepEqual(error.cause, { message: 'deep' })
      assert.equal(seen.caught[0]?.topic, 'kept')
      assert.deepEqual(escaped, [])
      assert.deepEqual(seen.statuses.at(-1), { fill: 'red', shape: 'ring', text: 'SOME_CODE' })
    })
  }

  test('any thrown value becomes an error with a code', async () => {
    work = () => {
      throw 'just words'
    }
    const seen = await run()
    give({})
    await seen.ended(1)
    assert.equal(codeOf(seen.caught[0]), 'UNEXPECTED')
  })

  test('a bad config gives a red ring, and CONFIG for every message', async () => {
    work = () => assert.fail('must not run')
    const seen = await run({ size: '0' })
    give({ payload: 1 })
    give({ payload: 2 })
    await seen.ended(2)
    assert.deepEqual(seen.caught.map(codeOf), ['CONFIG', 'CONFIG'])
    assert.match(String((seen.caught[0]?.error as Error).message), /size must be >= 1/)
  })

  test('texts from the editor and the environment become what the schema says', async () => {
    process.env.YSH_TEST_SIZE = '42'
    const sizes: unknown[] = []
    work = (_message, _work, { config }) => {
      sizes.push(config.size)
      return undefined
    }
    let seen = await run({ size: '7' })
    give({})
    await seen.ended(1)
    await helper.unload()
    seen = await run({ size: '${YSH_TEST_SIZE}' })
    give({})
    await seen.ended(1)
    await helper.unload()
    seen = await run({ size: '' })
    give({})
    await seen.ended(1)
    assert.deepEqual(sizes, [7, 42, 3])
    delete process.env.YSH_TEST_SIZE
  })

  test('works on as many at once as it may, keeps as many as it may, and refuses only the next', async () => {
    const { opened, open } = gate()
    let most = 0
    let now = 0
    work = async (message) => {
      now += 1
      most = Math.max(most, now)
      await opened
      now -= 1
      return { outputs: [message] }
    }
    const seen = await run({ concurrency: '2', queueLimit: 2 })
    for (let payload = 1; payload <= 6; payload += 1) give({ payload })
    await seen.ended(2)
    assert.deepEqual(seen.caught.map(codeOf), ['QUEUE_FULL', 'QUEUE_FULL'])
    assert.deepEqual(seen.caught.map((message) => message.payload), [5, 6])
    open()
    await seen.ended(6)
    assert.deepEqual(seen.out.map((message) => message.payload), [1, 2, 3, 4])
    assert.equal(most, 2)
  })

  test('nodeMessageBufferMaxLength bounds the queue of every node', async () => {
    helper.settings({ nodeMessageBufferMaxLength: 1 })
    const { opened, open } = gate()
    work = () => opened.then(() => undefined)
    const seen = await run({ queueLimit: 50 })
    for (let payload = 1; payload <= 3; payload += 1) give({ payload })
    await seen.ended(1)
    assert.equal(codeOf(seen.caught[0]), 'QUEUE_FULL')
    assert.equal(seen.caught[0]?.payload, 3)
    open()
    await seen.ended(3)
    helper.settings({})
  })

  test('a message that takes too long is called off and fails with TIMEOUT', async () => {
    work = (_message, { signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('gave up')), { once: true }))
    const seen = await run({ timeoutSeconds: '0.05' })
    give({})
    await seen.ended(1)
    assert.equal(codeOf(seen.caught[0]), 'TIMEOUT')
  })

  test('close aborts, waits for what runs, and sends nothing more', async () => {
    const started = gate()
    const { opened, open } = gate()
    let aborted = false
    let sentLate: boolean | undefined
    work = async (message, { signal, send }) => {
      started.open()
      signal.addEventListener('abort', () => {
        aborted = true
      })
      await opened
      sentLate = send([message])
      return { outputs: [message] }
    }
    const order: string[] = []
    closed = async () => {
      order.push('close of the behaviour')
    }
    const seen = await run()
    give({ payload: 1, run: { id: 'r' } })
    give({ payload: 'waits', run: { id: 'r' } })
    await started.opened
    const closing = helper.getNode('sample').close(false).then(() => order.push('closed'))
    assert.equal(aborted, true)
    assert.deepEqual(order.includes('closed'), false)
    open()
    await closing
    assert.equal(sentLate, false)
    assert.deepEqual(order, ['close of the behaviour', 'closed'])
    assert.deepEqual(seen.out, [])
  })

  test('what a close leaves unfinished is quiet inside a run, and an error outside of one', async () => {
    const started = gate()
    work = (_message, { signal }) => {
      started.open()
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
    }
    const seen = await run({ concurrency: 2 })
    give({ payload: 'in a run', run: { id: 'r' } })
    give({ payload: 'alone' })
    give({ payload: 'waits alone' })
    await started.opened
    await helper.getNode('sample').close(false)
    await seen.ended(3)
    assert.deepEqual(seen.caught.map((message) => [message.payload, codeOf(message)]).sort(), [
      ['alone', 'STOPPED'],
      ['waits alone', 'STOPPED'],
    ])
    assert.deepEqual(seen.completed.map((message) => message.payload), ['in a run'])
  })

  test('a node whose message comes after the close refuses it', async () => {
    work = () => assert.fail('must not run')
    const seen = await run()
    const node = helper.getNode('sample')
    await node.close(false)
    // Node-RED takes the listeners off at close; a message that is under way then has nobody to go to.
    node.receive({ payload: 1 })
    assert.deepEqual(seen.out, [])
  })

  test('FENCED ends a message of a run quietly', async () => {
    work = () => {
      throw new PipelineError('FENCED', 'another process has it')
    }
    const seen = await run()
    give({ run: { id: 'r' } })
    await seen.ended(1)
    assert.deepEqual([seen.caught.length, seen.completed.length, seen.out.length], [0, 1, 0])
  })
})

describe('references to config nodes', options, () => {
  const rest = (place: FlowNode[], reference: string): FlowNode[] => [
    { id: 'tab', type: 'tab' },
    ...place,
    { id: 'user', type: 'ysh-user', z: 'tab', x: 1, y: 1, place: reference, wires: [['out']] },
    { id: 'out', type: 'helper', z: 'tab', x: 1, y: 1, wires: [] },
    { id: 'catch', type: 'catch', z: 'tab', x: 1, y: 1, scope: null, uncaught: false, wires: [['out']] },
  ]
  const answer = async (flows: FlowNode[]): Promise<Message> => {
    await helper.load([nodes], flows)
    const first = new Promise<Message>((resolve) => helper.getNode('out').on('input', resolve))
    helper.getNode('user').receive({})
    return first
  }

  test('hand the config and the service over', async () => {
    const message = await answer(rest([{ id: 'place', type: 'ysh-place', url: 'http://a' }], 'place'))
    assert.deepEqual(message.payload, ['http://a', 'from the service'])
  })

  for (const [name, place, reference, words] of [
    ['is blank', [], '', /No ysh-place is chosen for "place"/],
    ['names nothing', [], 'gone', /is not there, or it is disabled/],
    ['names another type', [{ id: 'other', type: 'helper', wires: [] }], 'other', /is not there, or it is disabled/],
    ['names a config node with a bad config', [{ id: 'place', type: 'ysh-place', url: '' }], 'place', /is not set up: .*url/],
  ] as const) {
    test(`a reference that ${name} is a CONFIG error that says so`, async () => {
      const message = await answer(rest([...place], reference))
      assert.equal(codeOf(message), 'CONFIG')
      assert.match(String((message.error as Error).message), words)
    })
  }
})
