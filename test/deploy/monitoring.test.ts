import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parser } from '@prometheus-io/lezer-promql'
import { parse } from 'yaml'
import { declarationOf, metricNames } from '../../lib/metrics/catalogue.ts'
import { packageFolder } from '../helpers/node-red.ts'
import { askPromtool, noPromtool } from '../helpers/promtool.ts'

interface Panel {
  id: number
  title: string
  datasource: { uid: string }
  fieldConfig: { defaults: { unit: string } }
  targets: { expr: string }[]
}
interface Rule {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: Record<string, string>
}

const deploy = join(packageFolder, 'deploy')
const alertsFile = join(deploy, 'prometheus', 'alerts.yml')
const rules: Rule[] = parse(readFileSync(alertsFile, 'utf8')).groups.flatMap(({ rules }: { rules: Rule[] }) => rules)
const folder = join(deploy, 'grafana', 'dashboards')
const dashboards: { file: string; uid: string; panels: Panel[] }[] = readdirSync(folder).map((file) => ({
  file,
  ...JSON.parse(readFileSync(join(folder, file), 'utf8')),
}))

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
  const query = given.replaceAll('$__rate_interval', '5m')
  const names: string[] = []
  const labels: string[] = []
  const found: string[] = []
  parser.parse(query).iterate({
    enter(node) {
      const text = query.slice(node.from, node.to)
      if (node.type.isError) found.push(`does not parse at ${node.from}: ${query}`)
      if (node.name === 'Identifier') names.push(text)
      if (node.name === 'LabelName') labels.push(text)
    },
  })
  const known = new Set(names.flatMap((name) => series.get(name) ?? []))
  found.push(...names.filter((name) => !series.has(name)).map((name) => `no metric ${name}`))
  found.push(...labels.filter((label) => !known.has(label)).map((label) => `no label ${label}: ${query}`))
  if (names.length === 0) found.push(`names no metric: ${query}`)
  return found
}

describe('dashboards and alert rules', () => {
  it('ask only for metrics and labels that there are', () => {
    assert.deepEqual(problemsOf('sum by (flaw) (rate(ysh_up[5m]))').length, 1)
    assert.deepEqual(problemsOf('max(ysh_upp').length > 1, true)
    const queries = [
      ...rules.map(({ expr }) => expr),
      ...dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))),
    ]
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

  it('promtool takes the files, and alerts fire when they should', { skip: noPromtool }, () => {
    askPromtool(['check', 'config', join(deploy, 'prometheus', 'prometheus.yml')])
    const scratch = mkdtempSync(join(tmpdir(), 'ysh-alerts-'))
    try {
      const file = join(scratch, 'alerts.test.yml')
      writeFileSync(file, JSON.stringify(ruleTests()))
      askPromtool(['test', 'rules', file])
    } finally {
      rmSync(scratch, { recursive: true, force: true })
    }
  })
})

/** For some alerts a load under which they fire, and one under which they do not. */
function ruleTests() {
  const cases: [alert: string, at: string, fires: Record<string, string>, quiet: Record<string, string>][] = [
    [
      'YshErrors',
      '2h',
      { 'ysh_pipeline_errors_total{where="step"}': '0+2x180' },
      { 'ysh_pipeline_errors_total{where="step"}': '0+1x180' },
    ],
    [
      'YshCost',
      '30h',
      { 'ysh_cost_dollars_total{resource="s3_write"}': '0+0.01x2000' },
      { 'ysh_cost_dollars_total{resource="s3_write"}': '0+0.005x2000' },
    ],
    ['YshApiSlow', '10m', { ysh_api_latency_p99_seconds: '1.2x20' }, { ysh_api_latency_p99_seconds: '0.9x20' }],
    ['YshStoreDown', '5m', { 'ysh_up{store="postgres"}': '0x20' }, { 'ysh_up{store="postgres"}': '1x20' }],
    [
      'YshScheduleMissed',
      '20m',
      { 'ysh_pipeline_schedule_lateness_seconds{flow="a"}': '1000x40' },
      { 'ysh_pipeline_schedule_lateness_seconds{flow="a"}': '800x40' },
    ],
    [
      'YshDeadLetters',
      '20m',
      { 'ysh_pipeline_queue_depth{queue="letters_open"}': '2x40' },
      { 'ysh_pipeline_queue_depth{queue="letters_open"}': '0x40' },
    ],
  ]
  const test = (alert: string, at: string, input: Record<string, string>, count: number) => ({
    interval: '1m',
    input_series: Object.entries(input).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: `count(ALERTS{alertname="${alert}",alertstate="firing"}) or vector(0)`,
        eval_time: at,
        exp_samples: [{ labels: '{}', value: count }],
      },
    ],
  })
  return {
    rule_files: [alertsFile],
    evaluation_interval: '1m',
    tests: cases.flatMap(([alert, at, fires, quiet]) => [test(alert, at, fires, 1), test(alert, at, quiet, 0)]),
  }
}
