import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Governor, type GovernorOptions, type Kind } from '../../lib/governor/governor.ts'
import { toldOfWaits, type Wait } from '../../lib/governor/told.ts'
import { code } from '../helpers/pipeline-error.ts'

const mb = 1_048_576
const { signal } = new AbortController()

/** A governor whose readings the test sets. */
function governed(freeMb: number, options: Partial<GovernorOptions> = {}) {
  const world = { freeMb, held: false, at: 0 }
  const governor = new Governor(
    {
      memory: () => ({ limit: 1_024 * mb, free: world.freeMb * mb }),
      held: () => world.held,
      now: () => world.at,
    },
    {
      ...{ needs: { pdf: 100 * mb, model: 10 * mb, embed: 10 * mb }, reserve: 50 * mb, slack: 30 * mb },
      ...{ lookMs: 5, settleMs: 1_000, ...options },
    },
  )
  const order: string[] = []
  const waits: Wait[] = []
  const enter = (name: string, kind: Kind = 'pdf', by = signal) =>
    toldOfWaits(
      (wait) => waits.push(wait),
      () => governor.admit(kind, { signal: by }),
    ).then((leave) => {
      order.push(name)
      return leave
    })
  return { world, governor, enter, order, waits }
}

describe('the governor', () => {
  test('one goes on, however little there is; the next waits, says why, and comes when the first has left', async () => {
    const { governor, enter, order, waits } = governed(0)
    const leave = await enter('first')
    const second = enter('second')
    await sleep(30)
    assert.deepEqual(order, ['first'])
    assert.equal(waits[0]?.text, 'waits for memory: 0 MB free, 100 MB needed')
    assert.deepEqual(governor.state().kinds.pdf, { active: 1, waiting: 1, waits: 1, room: 0 })
    leave()
    leave()
    ;(await second)()
    assert.deepEqual(governor.state().kinds.pdf, { active: 0, waiting: 0, waits: 1, room: 1 })
  })

  test('what was just admitted counts before it is seen; afterwards the reading says it', async () => {
    const { world, governor, enter, order } = governed(280)
    const room = () => governor.state().kinds.pdf.room
    assert.equal(room(), 2)
    await enter('first')
    assert.equal(room(), 1)
    await enter('second')
    assert.equal(room(), 0)
    const third = enter('third')
    await sleep(30)
    assert.deepEqual(order, ['first', 'second'])
    world.at = 2_000 // settled, and less was taken than feared
    await third
  })

  test('who has begun to wait goes on only when there is some more than enough', async () => {
    const { world, enter, order } = governed(149)
    const leave = await enter('first')
    world.at = 2_000
    const second = enter('second')
    world.freeMb = 160
    await sleep(30)
    assert.deepEqual(order, ['first'])
    world.freeMb = 181
    ;(await second)()
    leave()
  })

  test('a held processor lets one of a kind at work', async () => {
    const { world, governor, enter, order, waits } = governed(1_000)
    assert.equal(governor.state().kinds.pdf.room, 9)
    world.held = true
    assert.equal(governor.state().kinds.pdf.room, 1)
    const leave = await enter('first')
    assert.equal(governor.state().kinds.pdf.room, 0)
    const second = enter('second')
    const model = await enter('model', 'model')
    await sleep(30)
    assert.deepEqual(order, ['first', 'model'])
    assert.equal(waits[0]?.why, 'processor')
    world.held = false
    ;(await second)()
    leave()
    model()
  })

  test('kinds do not wait for each other: who holds one and asks for another goes on', async () => {
    const { enter, order } = governed(0)
    const pdf = await enter('pdf')
    const model = await enter('model', 'model')
    const embed = await enter('embed', 'embed')
    assert.deepEqual(order, ['pdf', 'model', 'embed'])
    for (const leave of [pdf, model, embed]) leave()
  })

  test('in order, also past one who is called off', async () => {
    const { enter, order } = governed(0)
    const controller = new AbortController()
    const leave = await enter('first')
    const off = assert.rejects(enter('off', 'pdf', controller.signal), /enough/)
    const rest = ['second', 'third', 'fourth'].map(async (name) => (await enter(name))())
    controller.abort(new Error('enough'))
    await off
    leave()
    await Promise.all(rest)
    assert.deepEqual(order, ['first', 'second', 'third', 'fourth'])
    await assert.rejects(enter('late', 'pdf', controller.signal), /enough/)
  })

  test('waiting has a bound and an end', async () => {
    const { governor, enter } = governed(0, { mostWaiting: 1 })
    const leave = await enter('first')
    const late = assert.rejects(governor.admit('pdf', { signal, ms: 50 }), code('GOVERNOR_BUSY'))
    await assert.rejects(governor.admit('pdf', { signal }), code('GOVERNOR_BUSY'))
    await late
    assert.equal(governor.state().kinds.pdf.waiting, 0)
    leave()
  })

  test('what is only kept warm is asked to go when somebody waits', async () => {
    const { governor, enter } = governed(0)
    let pressed = 0
    const off = governor.onPressure(() => {
      pressed += 1
    })
    const leave = await enter('first')
    assert.equal(pressed, 0)
    const second = enter('second')
    assert.equal(pressed, 1)
    off()
    leave()
    ;(await second)()
  })
})
