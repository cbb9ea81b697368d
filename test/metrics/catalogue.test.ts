import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { metricsMarkdown, target } from '../../build/docs-metrics.ts'
import { declarationOf, metricNames } from '../../lib/metrics/catalogue.ts'

describe('the catalogue of metrics', () => {
  const all = metricNames.map((name) => ({ name, ...declarationOf(name) }))

  it("has the brief's five, and at most ten for CloudWatch", () => {
    const brief = [
      'pipeline.execution.duration',
      'pipeline.items.processed',
      'pipeline.errors.count',
      'api.requests.count',
      'api.latency.p99',
    ]
    const sent = all.filter(({ cloudwatch }) => cloudwatch !== undefined).map(({ name }) => String(name))
    for (const name of brief) assert.ok(sent.includes(name), name)
    assert.ok(sent.length <= 10, sent.join(' '))
  })

  it('names metrics as Prometheus wants it', () => {
    assert.equal(new Set(all.map(({ prometheus }) => prometheus)).size, all.length)
    for (const { prometheus, kind, unit, buckets } of all) {
      assert.match(prometheus, /^ysh_[a-z0-9_]+$/)
      assert.equal(prometheus.endsWith('_total'), kind === 'counter', prometheus)
      if (unit === 'seconds' || unit === 'bytes') assert.match(prometheus, new RegExp(`_${unit}(_total)?$`))
      assert.equal(buckets !== undefined, kind === 'histogram', prometheus)
      assert.deepEqual(
        [...(buckets ?? [])].sort((a, b) => a - b),
        [...(buckets ?? [])],
      )
    }
  })

  it('cannot have more than 6,000 series, whatever happens', () => {
    const series = all.map(({ labels, buckets }) => {
      const combinations = Object.values(labels).reduce(
        (product, values) => product * (('most' in values ? values.most : values.length) + 1),
        1,
      )
      return combinations * (buckets === undefined ? 1 : buckets.length + 3)
    })
    const sum = series.reduce((total, one) => total + one, 0)
    assert.ok(sum < 6_000, String(sum))
  })

  it('is what docs/metrics.md says', () => {
    const text = readFileSync(target, 'utf8')
    assert.equal(metricsMarkdown(text), text, 'the catalogue has changed: run `node build/docs-metrics.ts`')
  })
})
