import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { fallback, type Tier, type TierName, worstTier } from '../../lib/runs/fallback.ts'
import { rejectsWith } from '../helpers/rejects.ts'

const down = (code: string, options = { retryable: true }) => new PipelineError(code, `${code} happened.`, options)

/** Tiers that answer with their name, or throw what they are given; and in which order they were asked. */
function chain(...given: [TierName, PipelineError | number][]) {
  const asked: string[] = []
  const tiers = given.map(([tier, answer], index): Tier<string> => {
    const source = `${tier} ${index}`
    return {
      tier,
      source,
      async serve(above) {
        asked.push(`${source} after ${above.map(({ code }) => code).join(',') || 'none'}`)
        if (answer instanceof PipelineError) throw answer
        return { value: source, ageSeconds: answer }
      },
    }
  })
  return { tiers, asked }
}
const goesOn = (error: PipelineError) => error.code.startsWith('HTTP')

describe('fallback', () => {
  it('asks only the first tier while it serves', async () => {
    const { tiers, asked } = chain(['primary', 5], ['backup', 0], ['cache', 99])
    assert.deepEqual(await fallback(tiers, goesOn), {
      value: 'primary 0',
      tier: 'primary',
      source: 'primary 0',
      ageSeconds: 5,
      why: [],
    })
    assert.deepEqual(asked, ['primary 0 after none'])
  })

  it('goes down tier by tier, and says why', async () => {
    const { tiers, asked } = chain(
      ['primary', down('HTTP_503')],
      ['backup', down('HTTP_404')],
      ['backup', down('HTTP_500')],
      ['cache', 7_200],
    )
    const answer = await fallback(tiers, goesOn)
    assert.deepEqual([answer.tier, answer.ageSeconds, answer.value], ['cache', 7_200, 'cache 3'])
    assert.deepEqual(
      answer.why.map(({ tier, source, code, message }) => [tier, source, code, message]),
      [
        ['primary', 'primary 0', 'HTTP_503', 'HTTP_503 happened.'],
        ['backup', 'backup 1', 'HTTP_404', 'HTTP_404 happened.'],
        ['backup', 'backup 2', 'HTTP_500', 'HTTP_500 happened.'],
      ],
    )
    assert.equal(asked.at(-1), 'cache 3 after HTTP_503,HTTP_404,HTTP_500')
  })

  it('ends at an error that says nothing of the source', async () => {
    const { tiers, asked } = chain(['primary', down('HTTP_503')], ['backup', down('STORE_FULL')], ['cache', 1])
    const error = await rejectsWith(fallback(tiers, goesOn), 'STORE_FULL')
    assert.equal(error.message, 'STORE_FULL happened.')
    assert.equal(asked.length, 2)
  })

  it('throws the error of the only tier as it is', async () => {
    const error = down('HTTP_503')
    await assert.rejects(fallback(chain(['primary', error]).tiers, goesOn), (thrown) => thrown === error)
  })

  it('throws the first error when nobody serves, with the others in it', async () => {
    const first = new PipelineError('HTTP_404', 'not there.', { retryable: false, details: { url: 'u' } })
    const second = new PipelineError('HTTP_429', 'later', { retryable: true, retryAfterMs: 9_000 })
    const error = await rejectsWith(fallback(chain(['primary', first], ['backup', second]).tiers, goesOn), 'HTTP_404')
    assert.equal(error.message, 'not there (backup backup 1: HTTP_429: later)')
    assert.deepEqual([error.retryable, error.retryAfterMs, error.cause], [true, 9_000, first])
    assert.equal(error.details?.url, 'u')
    assert.deepEqual(Object(error.details?.why).length, 2)
    const soon = await rejectsWith(
      fallback(chain(['primary', second], ['backup', down('HTTP_500')]).tiers, goesOn),
      'HTTP_429',
    )
    assert.equal(soon.retryAfterMs, undefined, 'one of the two may be asked at once')
  })

  it('keeps long messages short, and knows the lowest tier', async () => {
    const long = new PipelineError('HTTP_500', 'x'.repeat(5_000))
    const { why } = await fallback(chain(['primary', long], ['cache', 1]).tiers, goesOn)
    assert.equal(why[0]?.message.length, 160)
    assert.equal(worstTier(['primary', 'cache', 'backup']), 'cache')
    assert.equal(worstTier(['primary', 'backup']), 'backup')
    assert.equal(worstTier([]), undefined)
    await rejectsWith(fallback([], goesOn), 'CONFIG')
  })
})
