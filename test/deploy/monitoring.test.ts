import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { declarationOf, metricNames } from '../../lib/metrics/catalogue.ts'
import { askPromtool, noPromtool } from '../helpers/promtool.ts'
import { alertCases, ruleTests } from './alert-cases.ts'
import { alertsFile, dashboards, deploy, namedIn, promQueries, rules } from './prometheus-files.ts'

/** Labels by the name of each series that a scrape has, and those that Prometheus adds. */
const series = new Map<string, string[]>([['up', ['job', 'instance']]])
for (const { prometheus, kind, labels } of metricNames.map(declarationOf)) {
  const all = [...Object.keys(labels), 'job', 'instance']
  if (kind !== 'histogram') series.set(prometheus, all)
  else
    for (const end of ['bucket', 'sum', 'count'])
      series.set(`${prometheus}_${end}`, end === 'bucket' ? [...all, 'le'] : all)
}

/** What is wrong with a query: it does not parse, or names what no scrape has. */
function problemsOf(given: string): string[] {
  const { metrics: names, labels, errors } = namedIn(given)
  const found = [...errors]
  const known = new Set(names.flatMap((name) => series.get(name) ?? []))
  found.push(...names.filter((name) => !series.has(name)).map((name) => `no metric ${name}`))
  found.push(...labels.filter((label) => !known.has(label)).map((label) => `no label ${label}: ${given}`))
  if (names.length === 0) found.push(`names no metric: ${given}`)
  return found
}

describe('dashboards and alert rules', () => {
  it('ask only for metrics and labels that there are', () => {
    assert.deepEqual(problemsOf('sum by (flaw) (rate(ysh_up[5m]))').length, 1)
    assert.deepEqual(problemsOf('max(ysh_upp').length > 1, true)
    const queries = promQueries()
    assert.ok(queries.length > 80)
    assert.deepEqual(queries.flatMap(problemsOf), [])
  })

  it('each alert has a severity, words and a runbook', () => {
    assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length)
    for (const { alert, labels, annotations } of rules) {
      assert.match(labels.severity, /^(critical|warning|info)$/, alert)
      assert.ok(annotations.summary && annotations.description, alert)
      assert.match(annotations.runbook_url ?? '', /\/docs\/runbooks\.md#[a-z-]+$/, alert)
    }
  })

  it('each panel has an id of its own, a unit and the chosen data source', () => {
    assert.equal(new Set(dashboards.map(({ uid }) => uid)).size, dashboards.length)
    for (const { file, uid, panels } of dashboards) {
      assert.equal(file, `${uid}.json`)
      assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
      for (const { title, datasource, fieldConfig } of panels) {
        assert.ok(fieldConfig.defaults.unit, title)
        assert.equal(datasource.uid, '$'.concat('{datasource}'), title)
      }
    }
  })

  it('each alert has a load under which it fires and one under which it does not', () => {
    assert.deepEqual([...new Set(alertCases.map(({ alert }) => alert))].sort(), rules.map(({ alert }) => alert).sort())
  })

  it('promtool takes the files, and alerts fire when they should', { skip: noPromtool }, () => {
    askPromtool(['check', 'config', '--syntax-only', join(deploy, 'prometheus', 'prometheus.yml')])
    const scratch = mkdtempSync(join(tmpdir(), 'ysh-alerts-'))
    try {
      const files = ruleTests(alertsFile).map((content, index) => {
        const file = join(scratch, `alerts-${index}.test.yml`)
        writeFileSync(file, JSON.stringify(content))
        return file
      })
      askPromtool(['test', 'rules', ...files])
    } finally {
      rmSync(scratch, { recursive: true, force: true })
    }
  })
})
