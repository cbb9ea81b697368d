import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from 'cheerio'
import { PipelineError } from '../../../lib/errors.ts'
import { type Extraction, extract } from '../../../lib/steps/utility/read/extract.ts'
import { layoutChanges, sayChanges } from '../../../lib/steps/utility/read/layout.ts'
import { prepareRecipe } from '../../../lib/steps/utility/recipes.ts'
import { sorted } from '../../pages/pages.ts'
import { type LayoutChange, layoutChangesOf } from './changes/changes.ts'

const seed = Number(process.env.YSH_SEED ?? 20261125)

/** What came of a change. `held`: the fingerprint differs, so that a person looks at it before it is published. */
type Verdict = 'right' | 'right, held' | 'refused' | 'not right, held' | 'WRONG'

function read({ page, recipe }: LayoutChange['page'], html: string): Extraction {
  return extract(html, recipe, page, prepareRecipe(recipe).contracts)
}

function judge(change: LayoutChange, usual: Extraction): { verdict: Verdict; why: string } {
  const { page, html, expect } = change
  let got: Extraction
  try {
    got = read(page, html)
  } catch (error) {
    assert.ok(error instanceof PipelineError, `${change.kind} on ${page.name}: ${String(error)}`)
    assert.match(error.code, /^[A-Z]+(?:_[A-Z]+)+$/)
    return { verdict: 'refused', why: `${error.code}: ${error.message}` }
  }
  const differences = layoutChanges(usual.layout, got.layout)
  const held = got.fingerprint !== usual.fingerprint
  assert.equal(held, differences.length > 0, 'a changed fingerprint can be said in words')
  const right = isRight(sorted(got.datasets), sorted(page.expected), expect)
  const verdict = right ? (held ? 'right, held' : 'right') : held ? 'not right, held' : 'WRONG'
  return { verdict, why: sayChanges(differences) }
}

function isRight(got: string[], was: string[], expect: LayoutChange['expect']): boolean {
  if (expect === 'nothing') return false
  const fewer = expect === 'same' ? 0 : expect.fewer
  const known = new Set(was)
  return got.length === was.length - fewer && got.every((row) => known.has(row))
}

test('no layout change brings wrong rows under an unchanged fingerprint', (context) => {
  const changes = layoutChangesOf(seed)
  assert.ok(changes.length >= 200, `${changes.length} changes`)
  const usual = new Map<string, Extraction>()
  const counts = new Map<string, Record<Verdict, number>>()
  const wrong: string[] = []
  const doubtful: string[] = []
  for (const change of changes) {
    const { page, kind } = change
    const before = usual.get(page.name) ?? read(page, page.html)
    usual.set(page.name, before)
    const { verdict, why } = judge(change, before)
    const row = counts.get(kind) ?? { right: 0, 'right, held': 0, refused: 0, 'not right, held': 0, WRONG: 0 }
    row[verdict] += 1
    counts.set(kind, row)
    if (verdict === 'WRONG') wrong.push(`${kind} on ${page.name}`)
    if (verdict === 'not right, held') doubtful.push(`${kind} on ${page.name}: ${why}`)
    if (process.env.YSH_SHOW === verdict) context.diagnostic(`${kind} on ${page.name}: ${why}`)
  }
  for (const line of table(counts)) context.diagnostic(line)
  for (const line of doubtful) context.diagnostic(`held, not right: ${line}`)
  assert.deepEqual(wrong, [], `seed ${seed}`)
})

function table(counts: Map<string, Record<Verdict, number>>): string[] {
  const verdicts: Verdict[] = ['right', 'right, held', 'refused', 'not right, held', 'WRONG']
  const line = (name: string, cells: readonly (string | number)[]) =>
    `${name.padEnd(58)}${cells.map((each) => String(each).padStart(16)).join('')}`
  const sum = (verdict: Verdict) => [...counts.values()].reduce((all, row) => all + row[verdict], 0)
  return [
    line('change', verdicts),
    ...[...counts].map(([kind, row]) =>
      line(
        kind,
        verdicts.map((verdict) => row[verdict] || ''),
      ),
    ),
    line('all', verdicts.map(sum)),
  ]
}

/** What most scrapers do: the n-th cell of the n-th row of the n-th table. */
function byPosition(html: string): Map<string, number> {
  const $ = load(html)
  const found = new Map<string, number>()
  $('table').each((t, table) => {
    $(table)
      .find('tr')
      .each((r, row) => {
        $(row)
          .children('td,th')
          .each((c, cell) => {
            const digits = $(cell)
              .text()
              .replace(/[^\d,]/g, '')
            if (/\d,\d/.test(digits)) found.set(`${t} ${r} ${c}`, Number(digits.replace(',', '.')))
          })
      })
  })
  return found
}

test('the same changes deceive a reader that counts cells, so this test can fail', (context) => {
  const deceived = layoutChangesOf(seed).filter(({ page, html, expect }) => {
    const was = byPosition(page.html)
    const is = byPosition(html)
    const read = [...was.keys()].map((place) => is.get(place))
    if (read.some((value) => value === undefined || Number.isNaN(value))) return false
    return expect === 'nothing' || [...was].some(([place, value]) => is.get(place) !== value)
  })
  context.diagnostic(`${deceived.length} changes deceive it without a sign`)
  assert.ok(deceived.length >= 50, `only ${deceived.length}`)
})
