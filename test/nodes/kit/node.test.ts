// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Node-RED's placeholders for the environment
import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { PipelineError } from '../../../lib/errors.ts'
import { helper } from '../../helpers/node-test-helper.ts'
import { codeOf, give, messageOf, run, sample } from './sample.ts'

const options = { timeout: 20_000 }

/** A promise to be settled from outside. */
function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

afterEach(async () => {
  sample.closed = async () => {}
  await helper.unload()
})

describe('the wrapper of every node', options, () => {
  test('sends what the behaviour replies, keeps other properties, and completes once', async () => {
    sample.work = (message) => ({ outputs: [{ ...message, payload: 2 }] })
    const seen = await run()
    give({ payload: 1, topic: 'kept', extra: { deep: true } })
    await seen.ended(1)
    assert.equal(seen.out[0]?.payload, 2)
    assert.equal(seen.out[0]?.topic, 'kept')
    assert.deepEqual(seen.out[0]?.extra, { deep: true })
    assert.deepEqual([seen.completed.length, seen.caught.length], [1, 0])
  })

  for (const [name, fail] of [
    [
      'throws',
      () => {
        throw new PipelineError('SOME_CODE', 'words', { retryable: true, cause: new Error('deep') })
      },
    ],
    [
      'rejects',
      async () => {
        throw new PipelineError('SOME_CODE', 'words', { retryable: true, cause: new Error('deep') })
      },
    ],
  ] as const) {
    test(`an error of a handler that ${name} goes to Catch with its code and a plain cause`, async () => {
      const escaped: unknown[] = []
      const note = (reason: unknown) => escaped.push(reason)
      process.on('unhandledRejection', note)
      sample.work = fail
      const seen = await run()
      give({ payload: 1, topic: 'kept' })
      await seen.ended(1)
      process.off('unhandledRejection', note)
      assert.deepEqual([seen.completed.length, seen.caught.length, seen.out.length], [0, 1, 0])
      const error = seen.caught[0]?.error as { message: string; code: string; cause: unknown }
      assert.equal(error.code, 'SOME_CODE')
      assert.match(error.message, /words/)
      assert.deepEqual(error.cause, { message: 'deep', retryable: true })
      assert.equal(seen.caught[0]?.topic, 'kept')
      assert.deepEqual(escaped, [])
      assert.deepEqual(seen.statuses.at(-1), { fill: 'red', shape: 'ring', text: 'SOME_CODE' })
    })
  }

  test('any thrown value becomes an error with a code', async () => {
    sample.work = () => {
      throw 'just words'
    }
    const seen = await run()
    give({})
    await seen.ended(1)
    assert.equal(codeOf(seen.caught[0]), 'UNEXPECTED')
  })

  test('a bad config gives a red ring, and CONFIG for every message', async () => {
    sample.work = () => assert.fail('must not run')
    const seen = await run({ size: '0' })
    give({ payload: 1 })
    give({ payload: 2 })
    await seen.ended(2)
    assert.deepEqual(seen.caught.map(codeOf), ['CONFIG', 'CONFIG'])
    assert.match(messageOf(seen.caught[0]), /size must be >= 1/)
  })

  test('texts from the editor and the environment become what the schema says', async () => {
    process.env.YSH_TEST_SIZE = '42'
    const sizes: unknown[] = []
    sample.work = (_message, _work, { config }) => {
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
    sample.work = async (message) => {
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
    assert.deepEqual(
      seen.caught.map((message) => message.payload),
      [5, 6],
    )
    open()
    await seen.ended(6)
    assert.deepEqual(
      seen.out.map((message) => message.payload),
      [1, 2, 3, 4],
    )
    assert.equal(most, 2)
  })

  test('nodeMessageBufferMaxLength bounds the queue of every node', async () => {
    helper.settings({ nodeMessageBufferMaxLength: 1 })
    const { opened, open } = gate()
    sample.work = () => opened.then(() => undefined)
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
    sample.work = (_message, { signal }) =>
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
    sample.work = async (message, { signal, send }) => {
      started.open()
      signal.addEventListener('abort', () => {
        aborted = true
      })
      await opened
      sentLate = send([message])
      return { outputs: [message] }
    }
    const order: string[] = []
    sample.closed = async () => {
      order.push('close of the behaviour')
    }
    const seen = await run()
    give({ payload: 1, run: { id: 'r' } })
    give({ payload: 'waits', run: { id: 'r' } })
    await started.opened
    const closing = helper
      .getNode('sample')
      .close(false)
      .then(() => order.push('closed'))
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
    sample.work = (_message, { signal }) => {
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
    assert.deepEqual(
      seen.completed.map((message) => message.payload),
      ['in a run'],
    )
  })

  test('a node whose message comes after the close refuses it', async () => {
    sample.work = () => assert.fail('must not run')
    const seen = await run()
    const node = helper.getNode('sample')
    await node.close(false)
    // Node-RED takes the listeners off at close; a message that is under way then has nobody to go to.
    node.receive({ payload: 1 })
    assert.deepEqual(seen.out, [])
  })

  test('FENCED ends a message of a run quietly', async () => {
    sample.work = () => {
      throw new PipelineError('FENCED', 'another process has it')
    }
    const seen = await run()
    give({ run: { id: 'r' } })
    await seen.ended(1)
    assert.deepEqual([seen.caught.length, seen.completed.length, seen.out.length], [0, 1, 0])
  })
})
