import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readInThread } from '../../../lib/steps/utility/read-thread.ts'
import { parseRecipe } from '../../../lib/steps/utility/recipe.ts'
import { pageOf, prepareRecipe } from '../../../lib/steps/utility/recipes.ts'

/** A job over a page with one field, found by this pattern. */
function job(pattern: string, text: string) {
  const { recipe, contracts } = prepareRecipe(
    parseRecipe({
      recipe: 'thread',
      title: { 'pt-BR': 'Linha', 'en-US': 'Thread' },
      attribution: 'teste',
      pages: [{ page: 'p', url: 'https://example.org/' }],
      fields: [{ column: 'ato', pattern: `(?<value>${pattern})`, required: false }],
      documents: { count: [0, 10] },
    }),
  )
  const page = pageOf(recipe, '')
  const bytes = Buffer.from(`<html><body><p>${text}</p><a href="a.pdf">A</a></body></html>`)
  return { bytes, headers: {}, url: page.url, recipe, page, contracts: [...contracts.values()] }
}
const never = new AbortController().signal

describe('reading pages in a thread', () => {
  test('a pattern that takes for ever ends with an error, the event loop stays free, and the next page is read', async () => {
    let longest = 0
    let last = performance.now()
    const beat = setInterval(() => {
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
    }, 5)
    const greedy = readInThread(job('(?:a+)+b', `${'a'.repeat(40)}c`), never, 2_000)
    const behind = readInThread(job('nada', 'texto'), never)
    await assert.rejects(greedy, { code: 'EXTRACT_TIMEOUT', message: /within 2 s/ })
    const result = await behind
    clearInterval(beat)
    assert.equal(result.outcome, 'read')
    assert.ok(longest < 1_000, `the loop stood still for ${longest} ms`)
  })

  test('a page whose reading is called off frees the thread', async () => {
    const controller = new AbortController()
    const greedy = readInThread(job('(?:a+)+b', `${'a'.repeat(40)}c`), controller.signal, 60_000)
    setTimeout(() => controller.abort(), 100)
    await assert.rejects(greedy, { code: 'STOPPED', retryable: true })
    assert.equal((await readInThread(job('nada', 'texto'), never)).outcome, 'read')
    await assert.rejects(readInThread(job('nada', 'texto'), AbortSignal.abort()), { code: 'STOPPED' })
  })

  test('a page that takes too much memory costs the thread, not the process', async () => {
    // a million elements of their own
    const huge = job('nada', '<b>x</b>'.repeat(4_000_000))
    await assert.rejects(readInThread(huge, never), { code: 'EXTRACT_MEMORY' })
    assert.equal((await readInThread(job('nada', 'texto'), never)).outcome, 'read')
  })

  test('what is wrong with a page is part of the answer', async () => {
    const broken = { ...job('nada', 'ação'), headers: { 'content-type': 'text/html; charset=iso-8859-1' } }
    const result = await readInThread(broken, never)
    assert.equal(result.outcome === 'failed' ? result.error.code : result.outcome, 'PAGE_CHARSET')
  })
})
