import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { calendar, choose, maxCatchUp } from '../../lib/runs/schedule.ts'

const zone = 'America/Sao_Paulo'
/** The instants in (from, until], as croner walks forward and as the catch-up sees them. */
function instants(expression: string, from: string, until: string): string[] {
  const { due } = calendar(expression, zone)
  const { slots, dropped } = due(new Date(from), new Date(until))
  assert.equal(dropped, false)
  return slots.map((slot) => slot.toISOString())
}

describe('calendar', () => {
  it('is exact over the daylight-saving history of São Paulo', () => {
    // Spring forward on 2018-11-04: 00:00 to 00:59 do not exist.
    assert.deepEqual(instants('30 0 * * *', '2018-11-03T04:00:00Z', '2018-11-05T04:00:00Z'), [
      '2018-11-04T03:00:00.000Z',
      '2018-11-05T02:30:00.000Z',
    ])
    assert.deepEqual(instants('0 0 * * *', '2018-11-03T04:00:00Z', '2018-11-05T04:00:00Z'), [
      '2018-11-04T03:00:00.000Z',
      '2018-11-05T02:00:00.000Z',
    ])
    // Fall back on 2019-02-16 at 24:00: 23:00 to 23:59 occur twice.
    assert.deepEqual(instants('30 23 * * *', '2019-02-16T04:00:00Z', '2019-02-18T04:00:00Z'), [
      '2019-02-17T01:30:00.000Z',
      '2019-02-18T02:30:00.000Z',
    ])
    assert.deepEqual(instants('15 * * * *', '2019-02-17T00:59:00Z', '2019-02-17T03:14:59Z'), [
      '2019-02-17T01:15:00.000Z',
      '2019-02-17T02:15:00.000Z',
    ])
    assert.deepEqual(instants('*/30 23 * * *', '2019-02-16T04:00:00Z', '2019-02-17T04:00:00Z'), [
      '2019-02-17T01:00:00.000Z',
      '2019-02-17T01:30:00.000Z',
      '2019-02-17T02:00:00.000Z',
      '2019-02-17T02:30:00.000Z',
    ])
  })

  it('gives one slot a civil day for a fixed time, over the last changes', () => {
    const { slots, dropped } = calendar('0 2 * * *', zone).due(
      new Date('2016-12-31T12:00:00Z'),
      new Date('2019-06-30T12:00:00Z'),
    )
    assert.equal(dropped, false)
    const civil = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
    const days = slots.map((slot) => civil.format(slot))
    assert.equal(new Set(days).size, 911)
    assert.equal(days.length, 911)
    assert.ok(days.every((day) => day.endsWith(' 02:00')))
  })

  it('walks the same instants backward as forward when it has to drop some', () => {
    for (const [expression, from, until] of [
      ['*/15 * * * *', '2018-10-28T00:00:00Z', '2018-11-09T00:00:30Z'],
      ['*/15 * * * *', '2019-02-10T00:00:00Z', '2019-02-21T00:00:30Z'],
      ['30 23,0,1 * * 0,6', '2009-01-01T00:00:00Z', '2019-12-31T00:00:00Z'],
    ] as const) {
      const { next, due } = calendar(expression, zone)
      const all: Date[] = []
      for (let slot = next(new Date(from)); slot !== undefined && slot <= new Date(until); slot = next(slot))
        all.push(slot)
      const { slots, dropped } = due(new Date(from), new Date(until))
      assert.ok(all.length > maxCatchUp)
      assert.equal(dropped, true)
      assert.deepEqual(slots, all.slice(-maxCatchUp), expression)
    }
  })

  it('takes (after, until]: the slot at the end is due, the one at the start is not', () => {
    assert.deepEqual(instants('0 2 * * *', '2026-03-01T05:00:00Z', '2026-03-02T05:00:00Z'), [
      '2026-03-02T05:00:00.000Z',
    ])
    assert.deepEqual(instants('0 2 * * *', '2026-03-01T05:00:00Z', '2026-03-02T04:59:59.999Z'), [])
    assert.deepEqual(instants('* * * * * *', '2026-03-01T05:00:00Z', '2026-03-01T05:00:02.500Z'), [
      '2026-03-01T05:00:01.000Z',
      '2026-03-01T05:00:02.000Z',
    ])
  })

  it('names the field that is wrong', () => {
    for (const [expression, field] of [
      ['61 * * * *', 'minute'],
      ['* 24 * * *', 'hour'],
      ['* * 32 * *', 'day of month'],
      ['* * * 13 *', 'month'],
      ['* * * * 9', 'day of week'],
      ['61 * * * * *', 'second'],
      ['* x * * *', 'hour'],
      ['*/0 * * * *', 'minute'],
      ['* * *', 'schedule'],
      ['', 'schedule'],
      ['* * * * * * *', 'schedule'],
      ['2026-01-01T00:00:00', 'schedule'],
      ['0 0 31 2 *', 'schedule'],
    ] as const) {
      assert.throws(
        () => calendar(expression, zone),
        (error: { code: string; message: string; details: { field: string } }) => {
          assert.equal(error.code, 'SCHEDULE_INVALID', expression)
          assert.equal(error.details.field, field, `${expression}: ${error.message}`)
          return true
        },
      )
    }
    assert.throws(() => calendar('0 2 * * *', 'America/Atlantis'), {
      code: 'SCHEDULE_INVALID',
      details: { field: 'time zone' },
    })
  })
})

describe('catch-up', () => {
  const at = (text: string) => new Date(`2026-03-0${text}Z`)
  const due = [at('1T05:00:00'), at('2T05:00:00'), at('3T05:00:00')]

  it('runs all, the last, or only what is still on time', () => {
    const late = at('3T13:00:00')
    assert.deepEqual(choose('all', due, late), due)
    assert.deepEqual(choose('last', due, late), [at('3T05:00:00')])
    assert.deepEqual(choose('skip', due, late), [])
    assert.deepEqual(choose('skip', due, at('3T05:00:59')), [at('3T05:00:00')])
    for (const policy of ['all', 'last', 'skip'] as const) assert.deepEqual(choose(policy, [], late), [])
  })
})
