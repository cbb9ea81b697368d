import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Inbox } from '../../../nodes/kit/inbox.ts'

describe('inbox', { timeout: 10_000 }, () => {
  function hold() {
    const ends = new Map<number, () => void>()
    const order: number[] = []
    const work = (job: number) =>
      new Promise<void>((resolve) => {
        order.push(job)
        ends.set(job, resolve)
      })
    return { ends, order, work }
  }

  test('first in, first out, within its bounds', async () => {
    const { ends, order, work } = hold()
    const inbox = new Inbox<number>({ concurrency: 2, limit: 2, work })
    assert.deepEqual(
      [1, 2, 3, 4, 5].map((job) => inbox.offer(job)),
      [true, true, true, true, false],
    )
    assert.deepEqual([inbox.running, inbox.waiting, order], [2, 2, [1, 2]])
    ends.get(2)?.()
    await new Promise(setImmediate)
    assert.deepEqual(order, [1, 2, 3])
    for (const job of [1, 3]) ends.get(job)?.()
    await new Promise(setImmediate)
    ends.get(4)?.()
    await inbox.settled()
    assert.deepEqual([inbox.running, inbox.waiting, order], [0, 0, [1, 2, 3, 4]])
  })

  test('without room to wait, one more is refused', () => {
    const { work } = hold()
    const inbox = new Inbox<number>({ concurrency: 1, limit: 0, work })
    assert.deepEqual([inbox.offer(1), inbox.offer(2)], [true, false])
  })

  test('close gives back what waits, takes no more, and settles with what runs', async () => {
    const { ends, work } = hold()
    const inbox = new Inbox<number>({ concurrency: 1, limit: 5, work })
    for (const job of [1, 2, 3]) inbox.offer(job)
    assert.deepEqual(inbox.close(), [2, 3])
    assert.equal(inbox.offer(4), false)
    let settled = false
    const rest = inbox.settled().then(() => {
      settled = true
    })
    await new Promise(setImmediate)
    assert.equal(settled, false)
    ends.get(1)?.()
    await rest
    assert.equal(settled, true)
  })
})
