/** A load under which an alert fires at a time, and one under which it does not, as series with promtool's words for their values. */
interface AlertCase {
  alert: string
  at: string
  fires: Readonly<Record<string, string>>
  quiet: Readonly<Record<string, string>>
}

const runs = (outcome: string) => `ysh_pipeline_runs_total{flow="a",outcome="${outcome}"}`
const rss = (process: string) => `ysh_process_memory_rss_bytes{job="ysh",instance="a",process="${process}"}`
const disk = (of: string) => `ysh_disk_${of}_bytes{job="ysh",instance="a"}`
const oldest = (queue: string) => `ysh_pipeline_queue_oldest_seconds{queue="${queue}"}`
const tier = (name: string) => `ysh_dataset_tier{dataset="d",tier="${name}"}`

/** Both sides of each threshold; a minute a step. */
export const alertCases: readonly AlertCase[] = [
  {
    alert: 'YshRunsFail',
    at: '25h',
    // one of eight fails, one of sixteen
    fires: { [runs('failed')]: '0+1x1600', [runs('done')]: '0+7x1600' },
    quiet: { [runs('failed')]: '0+1x1600', [runs('done')]: '0+15x1600' },
  },
  {
    alert: 'YshErrors',
    at: '2h',
    fires: { 'ysh_pipeline_errors_total{where="step"}': '0+2x180' },
    quiet: { 'ysh_pipeline_errors_total{where="step"}': '0+1x180' },
  },
  {
    alert: 'YshCost',
    at: '30h',
    fires: { 'ysh_cost_dollars_total{resource="s3_write"}': '0+0.01x2000' },
    quiet: { 'ysh_cost_dollars_total{resource="s3_write"}': '0+0.005x2000' },
  },
  {
    alert: 'YshCostPace',
    at: '3h',
    fires: { 'ysh_cost_dollars_total{resource="s3_write"}': '0+0.008x240' },
    quiet: { 'ysh_cost_dollars_total{resource="s3_write"}': '0+0.006x240' },
  },
  {
    alert: 'YshApiSlow',
    at: '10m',
    fires: { ysh_api_latency_p99_seconds: '1.2x20' },
    quiet: { ysh_api_latency_p99_seconds: '0.9x20' },
  },
  {
    alert: 'YshDataTooOld',
    at: '90m',
    fires: {
      'ysh_dataset_publication_age_seconds{dataset="d"}': '300000+60x120',
      'ysh_dataset_age_limit_seconds{dataset="d"}': '259200x120',
    },
    // another dataset's limit does not count
    quiet: {
      'ysh_dataset_publication_age_seconds{dataset="d"}': '200000x120',
      'ysh_dataset_age_limit_seconds{dataset="d"}': '259200x120',
      'ysh_dataset_age_limit_seconds{dataset="e"}': '100x120',
    },
  },
  {
    alert: 'YshDataNotChecked',
    at: '30m',
    fires: { 'ysh_dataset_check_age_seconds{dataset="d"}': '130000x40' },
    quiet: { 'ysh_dataset_check_age_seconds{dataset="d"}': '120000x40' },
  },
  {
    alert: 'YshFallbackTier',
    at: '40m',
    fires: { [tier('backup')]: '1x60', [tier('primary')]: '0x60' },
    quiet: { [tier('backup')]: '0x60', [tier('primary')]: '1x60' },
  },
  {
    alert: 'YshHostLeftAlone',
    at: '40m',
    fires: { 'ysh_http_breaker_open{host="h"}': '1x60' },
    // it answers now and then
    quiet: { 'ysh_http_breaker_open{host="h"}': '1x20 0 1x40' },
  },
  {
    alert: 'YshQueueStuck',
    at: '60m',
    fires: { [oldest('runs_queued')]: '1860x80', [runs('done')]: '5x80' },
    // a long queue that moves on
    quiet: { [oldest('runs_queued')]: '1860x80', [runs('done')]: '0+1x80' },
  },
  {
    alert: 'YshParkedRunStuck',
    at: '20m',
    fires: { [oldest('runs_parked')]: '910x40' },
    quiet: { [oldest('runs_parked')]: '890x40' },
  },
  {
    alert: 'YshOutboxStuck',
    at: '20m',
    fires: { [oldest('outbox_waiting')]: '1810x40' },
    quiet: { [oldest('outbox_waiting')]: '1790x40' },
  },
  {
    alert: 'YshScheduleMissed',
    at: '20m',
    fires: { 'ysh_pipeline_schedule_lateness_seconds{flow="a"}': '1000x40' },
    quiet: { 'ysh_pipeline_schedule_lateness_seconds{flow="a"}': '800x40' },
  },
  {
    alert: 'YshDeadLetters',
    at: '20m',
    fires: { 'ysh_pipeline_queue_depth{queue="letters_open"}': '2x40' },
    quiet: { 'ysh_pipeline_queue_depth{queue="letters_open"}': '0x40' },
  },
  {
    alert: 'YshStoreDown',
    at: '5m',
    fires: { 'ysh_up{store="postgres"}': '0x20' },
    quiet: { 'ysh_up{store="postgres"}': '1x20' },
  },
  { alert: 'YshDown', at: '5m', fires: { 'up{job="ysh"}': '0x20' }, quiet: { 'up{job="ysh"}': '1x20' } },
  {
    alert: 'YshMetricsMissing',
    at: '15m',
    fires: { 'up{job="ysh"}': '1x20' },
    quiet: { 'ysh_up{store="postgres"}': '1x20' },
  },
  {
    alert: 'YshMemoryHigh',
    at: '10m',
    // only both processes together are above
    fires: {
      [rss('node-red')]: '500x20',
      [rss('database')]: '450x20',
      'ysh_process_memory_limit_bytes{job="ysh",instance="a"}': '1000x20',
    },
    quiet: { [rss('node-red')]: '850x20', 'ysh_process_memory_limit_bytes{job="ysh",instance="a"}': '1000x20' },
  },
  {
    alert: 'YshDiskFull',
    at: '20m',
    fires: { [disk('free')]: '9x40', [disk('size')]: '100x40' },
    quiet: { [disk('free')]: '11x40', [disk('size')]: '100x40' },
  },
  {
    alert: 'YshEventLoopSlow',
    at: '20m',
    fires: { 'ysh_process_event_loop_delay_seconds{at="p99"}': '0.6x40' },
    quiet: {
      'ysh_process_event_loop_delay_seconds{at="p99"}': '0.4x40',
      'ysh_process_event_loop_delay_seconds{at="max"}': '3x40',
    },
  },
]

/** What `promtool test rules` is given for them: days are looked at every ten minutes, the others every minute. */
export function ruleTests(alertsFile: string) {
  const test = (alert: string, at: string, input: AlertCase['fires'], count: number) => ({
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
  const file = (interval: string, cases: readonly AlertCase[]) => ({
    rule_files: [alertsFile],
    evaluation_interval: interval,
    tests: cases.flatMap(({ alert, at, fires, quiet }) => [test(alert, at, fires, 1), test(alert, at, quiet, 0)]),
  })
  const long = (each: AlertCase) => Number.parseInt(each.at, 10) > 20 && each.at.endsWith('h')
  return [
    file(
      '1m',
      alertCases.filter((each) => !long(each)),
    ),
    file('10m', alertCases.filter(long)),
  ]
}
