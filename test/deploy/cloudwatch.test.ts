import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseExpressionAt } from 'acorn'
import { Ajv } from 'ajv'
import { alarmMetrics, alarms, dashboard, dashboardMetrics, expressionsOf, metricsOf } from './cloudwatch-files.ts'

/** The structure of a dashboard's body as AWS describes it ("Dashboard body structure and syntax"), as far as we use it. */
const body = new Ajv({ allowUnionTypes: true }).compile({
  type: 'object',
  required: ['widgets'],
  additionalProperties: false,
  properties: {
    start: { type: 'string', pattern: '^-P' },
    periodOverride: { enum: ['auto', 'inherit'] },
    widgets: {
      type: 'array',
      maxItems: 500,
      items: {
        type: 'object',
        required: ['type', 'properties'],
        additionalProperties: false,
        properties: {
          type: { enum: ['metric', 'text', 'alarm'] },
          x: { type: 'integer', minimum: 0, maximum: 23 },
          y: { type: 'integer', minimum: 0 },
          width: { type: 'integer', minimum: 1, maximum: 24 },
          height: { type: 'integer', minimum: 1, maximum: 1_000 },
          properties: {
            type: 'object',
            additionalProperties: false,
            properties: {
              markdown: { type: 'string' },
              title: { type: 'string' },
              region: { type: 'string' },
              view: { enum: ['timeSeries', 'singleValue', 'gauge', 'bar', 'pie', 'table'] },
              period: { type: 'integer', multipleOf: 60 },
              yAxis: { type: 'object' },
              annotations: { type: 'object' },
              metrics: {
                type: 'array',
                minItems: 1,
                maxItems: 100,
                items: { type: 'array', minItems: 1, items: { type: ['string', 'object'] } },
              },
            },
          },
        },
      },
    },
  },
})

/** The names in an expression of metric math; throws where it does not parse. Its arithmetic is that of JavaScript. */
function namesIn(expression: string): string[] {
  assert.equal(parseExpressionAt(expression, 0, { ecmaVersion: 2022 }).end, expression.length, expression)
  return expression.match(/[a-z][A-Za-z0-9_]*/g) ?? []
}
const statistic = /^(Sum|Average|Minimum|Maximum|SampleCount|p\d{1,2}(\.\d+)?)$/

describe("CloudWatch's dashboard and alarms", () => {
  it('the dashboard is one, stays within what is free, and its widgets do not lie on each other', () => {
    assert.ok(body(dashboard), JSON.stringify(body.errors))
    assert.ok(dashboardMetrics().length <= 50)
    const taken = new Set<string>()
    for (const { x, y, width, height, properties } of dashboard.widgets) {
      assert.ok(x + width <= 24)
      for (let column = x; column < x + width; column += 1)
        for (let row = y; row < y + height; row += 1) {
          assert.ok(!taken.has(`${column} ${row}`), properties.title)
          taken.add(`${column} ${row}`)
        }
    }
    for (const widget of dashboard.widgets) {
      const ids = metricsOf(widget).map(({ id }) => id)
      for (const { namespace, dimensions, stat } of metricsOf(widget)) {
        assert.deepEqual([namespace, dimensions], ['YSH/Pipeline', { Pipeline: 'ysh' }])
        assert.match(stat, statistic)
      }
      for (const name of expressionsOf(widget).flatMap(namesIn)) assert.ok(ids.includes(name), name)
    }
  })

  it("has the brief's alarms, each with a place to send to, a runbook, and one result", () => {
    assert.ok(alarms.length <= 10) // free
    const thresholds = Object.fromEntries(alarms.map(({ name, threshold }) => [name, threshold]))
    assert.deepEqual(thresholds, {
      ...{ 'ysh-failure-rate': 10, 'ysh-api-latency': 1, 'ysh-errors': 100, 'ysh-cost': 10 },
      ...{ 'ysh-data-too-old': 36 * 3_600, 'ysh-store-down': 1 },
    })
    for (const { name, description, actions, comparison, evaluation_periods, treat_missing_data, queries } of alarms) {
      assert.deepEqual(actions, ['$'.concat('{sns_topic_arn}')], name)
      assert.match(description, /Runbook: https:\S+\/docs\/runbooks\.md#[a-z-]+$/)
      assert.match(comparison, /^(GreaterThanThreshold|LessThanThreshold)$/)
      assert.match(treat_missing_data, /^(breaching|notBreaching)$/)
      assert.equal(queries.filter(({ return_data }) => return_data).length, 1, name)
      const ids = queries.map(({ id }) => id)
      for (const { expression, metric } of queries) {
        const { period, stat } = metric ?? {}
        if (expression === undefined) {
          assert.match(stat ?? '', statistic)
          assert.ok(period !== undefined && period % 60 === 0 && period * evaluation_periods <= 86_400, name)
        } else for (const each of namesIn(expression)) assert.ok(ids.includes(each), `${name}: ${each}`)
      }
    }
    for (const { namespace, dimensions } of alarmMetrics())
      assert.deepEqual([namespace, dimensions], ['YSH/Pipeline', { Pipeline: '$'.concat('{pipeline}') }])
  })

  it('notices metric math that is none', () => {
    assert.throws(() => namesIn('100 * failed /'))
    assert.throws(() => namesIn('100 * failed ended'))
  })
})
