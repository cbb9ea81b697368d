import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineError } from '../../../lib/errors.ts'
import { type QueueOptions, watchQueue } from '../../../lib/steps/events/queue.ts'
import { anybody, startAws } from '../../helpers/fauxqs.ts'
import { memoryLog } from '../../runs/surroundings.ts'

describe('a queue of SQS', { timeout: 60_000 }, () => {
  let aws: Awaited<ReturnType<typeof startAws>>
  before(async () => {
    aws = await startAws()
  })
  after(() => aws.stop())

  /** Watches a new queue; ends when the test says so. */
  function watch(name: string, more: Pick<QueueOptions, 'take'> & Partial<QueueOptions>) {
    const { queueUrl } = aws.createQueue(name)
    const stop = new AbortController()
    const log = memoryLog()
    const reports: (PipelineError | undefined)[] = []
    const ended = watchQueue({
      ...{ queueUrl, log, signal: stop.signal, aws: { ...anybody, endpoint: aws.endpoint } },
      report: (error) => reports.push(error),
      ...more,
    })
    return {
      ...{ log, reports },
      send: (body: string) => aws.sendMessage(name, body),
      left: () => {
        const { messages } = aws.inspectQueue(name) ?? assert.fail('no queue')
        return messages.ready.length + messages.inflight.length + messages.delayed.length
      },
      async end() {
        stop.abort()
        await ended
      },
    }
  }
  const until = async (what: () => boolean) => {
    while (!what()) await sleep(10)
  }

  test('a message is deleted when what it tells of is safe, and not before', async () => {
    const safe = Promise.withResolvers<void>()
    const taken: string[] = []
    const queue = watch('safe', {
      async take(body) {
        taken.push(body)
        await safe.promise
      },
    })
    queue.send('one')
    queue.send('two')
    await until(() => taken.length === 1)
    assert.equal(queue.left(), 2)
    safe.resolve()
    await until(() => queue.left() === 0)
    assert.deepEqual(taken, ['one', 'two'])
    await queue.end()
  })

  test('one that fails stays, comes back later, and the queue is not asked in a fast loop', async () => {
    let tries = 0
    const queue = watch('failing', {
      async take() {
        tries += 1
        throw new PipelineError('STORE_UNAVAILABLE', 'down', { retryable: true })
      },
    })
    queue.send('one')
    await until(() => tries === 1)
    await sleep(2_500)
    assert.equal(tries, 1, 'it comes back after 5 s')
    assert.equal(queue.left(), 1)
    await until(() => tries === 2)
    assert.match(queue.log.lines.join('\n'), /comes back in 5 s: STORE_UNAVAILABLE[\s\S]*comes back in 10 s/)
    await queue.end()
  })

  test('closed in between: the messages that were not begun are there for others at once', async () => {
    const begun = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    const queue = watch('closed', {
      async take() {
        begun.resolve()
        await go.promise
      },
    })
    for (const body of ['one', 'two', 'three']) queue.send(body)
    await begun.promise
    const ending = queue.end()
    go.resolve()
    await ending
    assert.ok(queue.left() <= 2)
    await sleep(50)
    const { messages } = aws.inspectQueue('closed') ?? assert.fail('no queue')
    assert.equal(messages.inflight.length, 0)
  })

  test('a queue that is not there is said, with a pause; it is found when it comes', async () => {
    const stop = new AbortController()
    const reports: (string | undefined)[] = []
    const { queueUrl } = aws.createQueue('late')
    aws.deleteQueue('late')
    const ended = watchQueue({
      ...{ queueUrl, log: memoryLog(), signal: stop.signal, aws: { ...anybody, endpoint: aws.endpoint } },
      take: async () => undefined,
      report: (error) => reports.push(error?.code),
    })
    await until(() => reports.length > 0)
    assert.deepEqual(reports, ['STORE_CONFIG'])
    stop.abort()
    await ended
  })
})
