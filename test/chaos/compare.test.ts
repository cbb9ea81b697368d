import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compare, type Fact, hashes, runTable } from '../../chaos/compare.ts'
import { Ledger } from '../../chaos/ledger.ts'
import { countOf } from '../../chaos/report.ts'

const ledger = () => {
  const made = new Ledger(5)
  for (const lane of ['one', 'two']) for (const number of [1, 2, 3]) made.slots.push({ lane, number })
  return made
}
const good = () => ledger().expected()
const run = 'run-one one-2'
const is =
  (table: string, of = run) =>
  (fact: Fact) =>
    fact.table === table && fact.run === of
const without = (facts: Fact[], which: (fact: Fact) => boolean) => facts.toSpliced(facts.findIndex(which), 1)

describe('the comparison', () => {
  it('finds nothing where nothing is wrong, in whatever order', () => {
    const facts = good()
    assert.ok(facts.length > 60)
    assert.deepEqual(compare(facts, facts.toReversed()), [])
    assert.deepEqual(hashes(facts), hashes(facts.toReversed()))
  })

  for (const table of ['effect', 'outbox', 'step', runTable]) {
    it(`finds a planted loss in ${table}`, () => {
      const actual = without(good(), is(table))
      const findings = compare(good(), actual)
      assert.deepEqual(
        findings.map((finding) => [finding.kind, finding.table]),
        [['lost', table]],
      )
      assert.ok(findings[0]?.key.includes(run), 'it is named')
      assert.notEqual(hashes(actual).get(table), hashes(good()).get(table))
    })

    it(`finds a planted double in ${table}`, () => {
      const double = good().find(is(table))
      assert.ok(double)
      const actual = [...good(), double]
      assert.deepEqual(
        compare(good(), actual).map((finding) => [finding.kind, finding.table, finding.key]),
        [['duplicated', table, double.key]],
      )
      assert.notEqual(hashes(actual).get(table), hashes(good()).get(table))
    })
  }

  it('finds another content, and counts it as lost', () => {
    const actual = good().map((fact) => (is('effect')(fact) ? { ...fact, value: 'another' } : fact))
    const findings = compare(good(), actual)
    assert.ok(findings.length > 0)
    assert.ok(findings.every(({ kind, detail }) => kind === 'differs' && detail.includes('is another')))
    assert.equal(countOf(findings, 'lost'), findings.length)
  })

  it('finds what nobody asked for', () => {
    const foreign = { table: 'effect', run: 'x', key: 'x 1 a', value: '1' }
    assert.deepEqual(
      compare(good(), [...good(), foreign]).map(({ kind, key }) => [kind, key]),
      [['duplicated', 'x 1 a']],
    )
  })

  it('finds a stuck run once, not its missing parts; its doubles all the same', () => {
    const begun = good()
      .filter((fact) => fact.run !== run || fact.table === runTable || fact.table === 'effect')
      .map((fact) => (is(runTable)(fact) ? { ...fact, value: 'running' } : fact))
    assert.deepEqual(
      compare(good(), begun).map(({ kind, key }) => [kind, key]),
      [['stuck', run]],
    )
    const effect = begun.find(is('effect'))
    assert.ok(effect)
    assert.deepEqual(
      compare(good(), [...begun, effect]).map(({ kind }) => kind),
      ['stuck', 'duplicated'],
    )
  })

  it('names how a run failed', () => {
    const failed = good().map((fact) => (is(runTable)(fact) ? { ...fact, value: 'failed {"code":"STALLED"}' } : fact))
    const [finding] = compare(good(), failed)
    assert.equal(finding?.kind, 'differs')
    assert.match(finding.detail, /STALLED/)
  })
})
