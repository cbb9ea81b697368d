import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { Lingering } from '../../../nodes/kit/lingering.ts'

describe('lingering', { timeout: 10_000 }, () => {
  function place(lingerMs = 1_000) {
    const events: string[] = []
    const reports: unknown[] = []
    const open = (name: string) => async () => {
      events.push(`open ${name}`)
      return {
        async close() {
          events.push(`close ${name}`)
        },
      }
    }
    return {
      events,
      reports,
      open,
      engines: new Lingering<{ close(): Promise<void> }>(lingerMs, (error) => reports.push(error)),
    }
  }

  test('one key is opened once, and closed when the last share is back', async () => {
    const { engines, events, open } = place()
    const one = engines.acquire('a', 'k', open('k'))
    const two = engines.acquire('b', 'k', open('k'))
    assert.equal(await one.value, await two.value)
    await one.release({ linger: false })
    assert.deepEqual(events, ['open k'])
    await two.release({ linger: false })
    await two.release({ linger: false })
    assert.deepEqual(events, ['open k', 'close k'])
  })

  test('a redeploy finds it open', async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const { engines, events, open } = place()
      const before = engines.acquire('a', 'k', open('k'))
      const opened = await before.value
      await before.release({ linger: true })
      mock.timers.tick(900)
      const after = engines.acquire('a', 'k', open('k'))
      assert.equal(await after.value, opened)
      mock.timers.tick(5_000)
      assert.deepEqual(events, ['open k'])
      await after.release({ linger: true })
      mock.timers.tick(1_000)
      await new Promise(setImmediate)
      assert.deepEqual(events, ['open k', 'close k'])
    } finally {
      mock.timers.reset()
    }
  })

  test('other settings of the same node: the old one is closed before the new one opens', async () => {
    const { engines, events, open } = place()
    const old = engines.acquire('a', 'folder 1', open('1'))
    const other = engines.acquire('b', 'elsewhere', open('other'))
    await Promise.all([old.value, other.value])
    await old.release({ linger: true })
    const fresh = engines.acquire('a', 'folder 2', open('2'))
    await fresh.value
    assert.deepEqual(events, ['open 1', 'open other', 'close 1', 'open 2'])
    await Promise.all([fresh.release({ linger: false }), other.release({ linger: false })])
  })

  test('what is being closed is not handed out: the next opening waits for it', async () => {
    const events: string[] = []
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    const engines = new Lingering<{ close(): Promise<void> }>(0, (error) => assert.fail(String(error)))
    const first = engines.acquire('a', 'k', async () => ({
      close: async () => {
        await closed
        events.push('closed')
      },
    }))
    await first.value
    const releasing = first.release({ linger: false })
    const second = engines.acquire('b', 'k', async () => {
      events.push('opened again')
      return { close: async () => {} }
    })
    resolve()
    await Promise.all([releasing, second.value])
    assert.deepEqual(events, ['closed', 'opened again'])
    await second.release({ linger: false })
  })

  test('a failed opening is forgotten, and tried again', async () => {
    const { engines, events, open } = place()
    const failed = engines.acquire('a', 'k', async () => {
      throw new Error('locked')
    })
    await assert.rejects(failed.value, /locked/)
    await failed.release({ linger: false })
    const again = engines.acquire('a', 'k', open('k'))
    await again.value
    assert.deepEqual(events, ['open k'])
    await again.release({ linger: false })
  })
})
