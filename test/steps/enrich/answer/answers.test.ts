import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { Answers } from '../../../../lib/steps/enrich/answer/answers.ts'
import { enrichMigrations } from '../../../../lib/steps/enrich/migrations.ts'
import { migrate } from '../../../../lib/stores/postgres/migrate.ts'
import { openEnriching } from '../enriching.ts'

describe('answers from before', async () => {
  const { stores, close } = await openEnriching()
  await migrate(stores.postgres, enrichMigrations)
  after(close)
  let now = new Date('2026-01-01T00:00:00Z')
  const answers = new Answers(stores, { now: () => now }, new AbortController().signal)
  const about = { model: 'm', digest: 'd' }

  test('come back as they were: short, long, odd, rejected', async () => {
    for (const [key, kept] of Object.entries({
      short: { answer: '{"text":"ção"}' },
      long: { answer: 'x'.repeat(200_000) },
      odd: { answer: 'a\0b' },
      rejected: { rejected: ['absent: "9,99"', 'a\0b'] },
    })) {
      await answers.write(key, kept, about)
      const expected = 'rejected' in kept ? { rejected: ['absent: "9,99"', 'ab'] } : kept
      assert.deepEqual(await answers.read(key), expected, key)
    }
    assert.equal(await answers.read('none'), undefined)
  })

  test('the ones that were not used for longest go when there are too many', async () => {
    await stores.postgres.query(
      `insert into pipeline.enrichment (key, model, digest, answer, bytes, used_at)
       select 'old' || n, 'm', 'd', '{}', 2, '2020-01-01'::timestamptz + n * interval '1 second' from generate_series(1, 50000) n`,
    )
    now = new Date('2026-01-02T00:00:00Z')
    assert.notEqual(await answers.read('old1'), undefined, 'used now')
    await answers.write('new', { answer: '{}' }, about)
    const { rows } = await stores.postgres.query<{ count: string }>('select count(*) from pipeline.enrichment')
    assert.equal(Number(rows[0]?.count), 50_000)
    assert.deepEqual([await answers.read('old2'), await answers.read('old1')], [undefined, { answer: '{}' }])
  })
})
