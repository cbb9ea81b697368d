import { defineMetrics, type MetricDeclaration } from './declare.ts'

const seconds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const
const long = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400] as const
const flow = { most: 50 } as const
const dataset = { most: 100 } as const
const code = { most: 60 } as const
const step = { most: 40 } as const
/** Kinds of hosts: see `host-class.ts`. */
export const hostClasses = ['aneel', 'government', 'model', 'internal', 'other'] as const
/** What waits, in the stores. */
export const queues = [
  'runs_queued',
  'runs_running',
  'runs_parked',
  'items_shared',
  'outbox_waiting',
  'outbox_given_up',
  'messages_kept',
  'letters_open',
  'incidents_open',
] as const
/** What the governor counts out. */
export const heavyWork = ['pdf', 'model', 'embed'] as const
/** What is paid for by use: see `prices.ts`. */
export const resources = [
  's3_write',
  's3_read',
  's3_out_gb',
  'sns_publish',
  'sqs_request',
  'cloudwatch_call',
  'model_question_token',
  'model_answer_token',
] as const

/**
 * All metrics, by the name that the brief and CloudWatch use. Whatever sends them on reads this; what is not declared here cannot be
 * recorded.
 */
export const catalogue = defineMetrics({
  'pipeline.execution.duration': {
    kind: 'histogram',
    unit: 'seconds',
    prometheus: 'ysh_pipeline_execution_duration_seconds',
    labels: { flow, outcome: ['done', 'failed', 'cancelled'] },
    buckets: long,
    help: 'Time from a run being taken up in this process to its end; parked time is left out.',
    cloudwatch: 'statistics',
  },
  'pipeline.items.processed': {
    kind: 'counter',
    unit: 'count',
    prometheus: 'ysh_pipeline_items_processed_total',
    labels: { kind: ['item', 'row', 'document', 'chunk'], outcome: ['done', 'failed'] },
    help: 'Items that a join has seen, rows of published versions (failed: quarantined), documents read, chunks indexed.',
    cloudwatch: 'sum',
  },
  'pipeline.errors.count': {
    kind: 'counter',
    unit: 'count',
    prometheus: 'ysh_pipeline_errors_total',
    labels: { where: ['step', 'node', 'api', 'delivery'] },
    help: 'Failed tries of steps, failed nodes that are no step, API answers of 500 and above, failed tries of deliveries.',
    cloudwatch: 'sum',
  },
  'pipeline.errors.code': {
    kind: 'counter',
    unit: 'count',
    prometheus: 'ysh_pipeline_error_codes_total',
    labels: { code },
    help: 'The same errors by their code. For alerts use the metric above: a code that occurs for the first time has no rate yet.',
  },
  'pipeline.runs.count': {
    kind: 'counter',
    unit: 'count',
    prometheus: 'ysh_pipeline_runs_total',
    labels: { flow, outcome: ['started', 'resumed', 'parked', 'done', 'failed', 'cancelled'] },
    help: 'What became of runs in this process: taken up, sent anew, parked, ended.',
    cloudwatch: 'failures',
  },
  'pipeline.steps.count': {
    kind: 'counter',
    unit: 'count',
    prometheus: 'ysh_pipeline_steps_total',
    labels: { step, outcome: ['done', 'failed'] },
    help: 'Ended tries of steps.',
  },
  'pipeline.step.duration': {
    kind: 'histogram',
    unit: 'seconds',
    prometheus: 'ysh_pipeline_step_duration_seconds',
    labels: { step },
    buckets: [0.05, 0.25, 1, 5, 30, 120, 600, 3_600],
    help: 'How long tries of steps took, waits for another try left out.',
  },
  'pipeline.retries.count': {
    kind: 'counter',
    unit: 'count',
    prometheus: 'ysh_pipeline_retries_total',
    labels: { level: ['request', 'step', 'node', 'delivery'] },
    help: 'Second and later tries: of requests inside a step, of steps, by ysh-retry-backoff, of deliveries.',
  },
  'pipeline.queue.depth': {
    kind: 'gauge',
    unit: 'count',
    prometheus: 'ysh_pipeline_queue_depth',
    labels: { queue: queues },
    help: 'What waits or is open in the stores.',
    fleet: true,
  },
  'pipeline.queue.oldest': {
    kind: 'gauge',
    unit: 'seconds',
    prometheus: 'ysh_pipeline_queue_oldest_seconds',
    labels: { queue: ['runs_queued', 'runs_parked', 'outbox_waiting', 'letters_open', 'incidents_open'] },
    help: 'For how long the oldest entry has been due or open; 0 for none.',
    fleet: true,
  },
  'pipeline.schedule.lateness': {
    kind: 'gauge',
    unit: 'seconds',
    prometheus: 'ysh_pipeline_schedule_lateness_seconds',
    labels: { flow },
    help: 'For how long a slot of a schedule deployed here has been due without having been dealt with.',
    fleet: true,
  },
  'dataset.publication.age': {
    kind: 'gauge',
    unit: 'seconds',
    prometheus: 'ysh_dataset_publication_age_seconds',
    labels: { dataset },
    help: 'Time since the last version of the dataset was published here.',
    fleet: true,
  },
  'dataset.check.age': {
    kind: 'gauge',
    unit: 'seconds',
    prometheus: 'ysh_dataset_check_age_seconds',
    labels: { dataset },
    help: 'Time since the source of the dataset was last looked at without error.',
    cloudwatch: 'max',
    fleet: true,
  },
  'dataset.age.limit': {
    kind: 'gauge',
    unit: 'seconds',
    prometheus: 'ysh_dataset_age_limit_seconds',
    labels: { dataset },
    help: 'Age of the last publication above which the data is too old, from the cadence of its contract.',
    fleet: true,
  },
  'dataset.rows': {
    kind: 'gauge',
    unit: 'count',
    prometheus: 'ysh_dataset_rows',
    labels: { dataset },
    help: 'Rows of the published versions, all parts together.',
    fleet: true,
  },
  'dataset.tier': {
    kind: 'gauge',
    unit: 'count',
    prometheus: 'ysh_dataset_tier',
    labels: { dataset, tier: ['primary', 'backup', 'cache', 'none'] },
    help: '1 for the tier that serves the dataset now: its source, a backup portal, the last good copy, or nobody.',
    fleet: true,
  },
  'api.requests.count': {
    kind: 'counter',
    unit: 'count',
    prometheus: 'ysh_api_requests_total',
    labels: { surface: ['rest', 'graphql'], status: ['2xx', '3xx', '4xx', '5xx'] },
    help: 'Answered requests of the data API.',
    cloudwatch: 'sum',
  },
  'api.requests.route': {
    kind: 'counter',
    unit: 'count',
    prometheus: 'ysh_api_route_requests_total',
    labels: { route: { most: 40 } },
    help: 'The same requests by the route that answered; none for a path that there is not.',
  },
  'api.request.duration': {
    kind: 'histogram',
    unit: 'seconds',
    prometheus: 'ysh_api_request_duration_seconds',
    labels: { surface: ['rest', 'graphql'] },
    buckets: [0.005, ...seconds],
    help: 'How long answers of the data API took, to their last byte.',
  },
  'api.latency.p99': {
    kind: 'gauge',
    unit: 'seconds',
    prometheus: 'ysh_api_latency_p99_seconds',
    labels: {},
    help: '99 of 100 answers of the data API in the last five minutes took no longer; 0 without any.',
    cloudwatch: 'max',
  },
  'http.client.requests': {
    kind: 'counter',
    unit: 'count',
    prometheus: 'ysh_http_client_requests_total',
    labels: { host: hostClasses, outcome: ['ok', 'unchanged', 'redirect', 'refused', 'failed', 'stopped'] },
    help: 'Requests to others: portals, pages, webhooks, model servers.',
  },
  'http.client.duration': {
    kind: 'histogram',
    unit: 'seconds',
    prometheus: 'ysh_http_client_duration_seconds',
    labels: { host: hostClasses },
    buckets: seconds,
    help: 'Until the head of an answer was there.',
  },
  'http.client.bytes': {
    kind: 'counter',
    unit: 'bytes',
    prometheus: 'ysh_http_client_received_bytes_total',
    labels: { host: hostClasses },
    help: 'Bytes of bodies that were received, decoded.',
  },
  'http.breaker.open': {
    kind: 'gauge',
    unit: 'count',
    prometheus: 'ysh_http_breaker_open',
    labels: { host: { most: 30 } },
    help: '1 while a host that failed several times in a row is left alone, 0 when it answers again.',
  },
  'cache.requests': {
    kind: 'counter',
    unit: 'count',
    prometheus: 'ysh_cache_requests_total',
    labels: { store: ['table', 'redis'], outcome: ['hit', 'miss', 'failed'] },
    help: 'Looks into the cache.',
  },
  'model.requests': {
    kind: 'counter',
    unit: 'count',
    prometheus: 'ysh_model_requests_total',
    labels: { work: ['chat', 'embed'], outcome: ['done', 'failed', 'stopped'] },
    help: 'Requests to language models.',
  },
  'model.duration': {
    kind: 'histogram',
    unit: 'seconds',
    prometheus: 'ysh_model_duration_seconds',
    labels: { work: ['chat', 'embed'] },
    buckets: [0.1, 0.5, 1, 2.5, 5, 15, 60, 300, 900],
    help: 'How long language models took, waiting for a turn included.',
  },
  'model.tokens': {
    kind: 'counter',
    unit: 'count',
    prometheus: 'ysh_model_tokens_total',
    labels: { direction: ['question', 'answer'] },
    help: 'Tokens of questions to language models and of their answers, as the server counts them.',
  },
  'model.characters': {
    kind: 'counter',
    unit: 'count',
    prometheus: 'ysh_model_characters_total',
    labels: { work: ['chat', 'embed'] },
    help: 'Characters that language models were given.',
  },
  'model.embeddings': {
    kind: 'counter',
    unit: 'count',
    prometheus: 'ysh_model_embeddings_total',
    labels: {},
    help: 'Texts that a model server has made vectors of.',
  },
  'objects.requests': {
    kind: 'counter',
    unit: 'count',
    prometheus: 'ysh_objects_requests_total',
    labels: { operation: ['write', 'read', 'delete'], outcome: ['done', 'failed'] },
    help: 'Requests to the bucket, each try by itself; none for a folder.',
  },
  'objects.bytes': {
    kind: 'counter',
    unit: 'bytes',
    prometheus: 'ysh_objects_bytes_total',
    labels: { direction: ['in', 'out'] },
    help: 'Bytes into the bucket and out of it.',
  },
  'cost.units': {
    kind: 'counter',
    unit: 'count',
    prometheus: 'ysh_cost_units_total',
    labels: { resource: resources },
    help: 'What was used of things that are paid for by use.',
  },
  'cost.dollars': {
    kind: 'counter',
    unit: 'dollars',
    prometheus: 'ysh_cost_dollars_total',
    labels: { resource: resources },
    help: 'The same in US dollars, by the list of prices: an estimate.',
  },
  'cost.dollars.day': {
    kind: 'gauge',
    unit: 'dollars',
    prometheus: 'ysh_cost_dollars_last_day',
    labels: {},
    help: 'Estimated US dollars of the last 24 hours in this process, nothing extrapolated.',
    cloudwatch: 'max',
  },
  'store.up': {
    kind: 'gauge',
    unit: 'count',
    prometheus: 'ysh_up',
    labels: { store: ['postgres', 'redis'] },
    help: '1 when the store answered the last question, 0 when it did not.',
    cloudwatch: 'min',
  },
  'database.size': {
    kind: 'gauge',
    unit: 'bytes',
    prometheus: 'ysh_database_size_bytes',
    labels: {},
    help: 'Size of the database.',
    fleet: true,
  },
  'disk.free': {
    kind: 'gauge',
    unit: 'bytes',
    prometheus: 'ysh_disk_free_bytes',
    labels: {},
    help: 'Free space where files in progress are kept.',
  },
  'disk.size': {
    kind: 'gauge',
    unit: 'bytes',
    prometheus: 'ysh_disk_size_bytes',
    labels: {},
    help: 'Size of that file system.',
  },
  'process.memory.rss': {
    kind: 'gauge',
    unit: 'bytes',
    prometheus: 'ysh_process_memory_rss_bytes',
    labels: { process: ['node-red', 'worker', 'database'] },
    help: 'Resident memory of Node-RED, or of a worker of the queue, and, where it is embedded, of the database.',
    cloudwatch: 'sum',
  },
  'process.memory.limit': {
    kind: 'gauge',
    unit: 'bytes',
    prometheus: 'ysh_process_memory_limit_bytes',
    labels: {},
    help: 'Memory that this process and its children may have: of its control group, else of the machine.',
  },
  'process.memory.heap': {
    kind: 'gauge',
    unit: 'bytes',
    prometheus: 'ysh_process_heap_used_bytes',
    labels: {},
    help: 'Used heap of Node-RED.',
  },
  'process.cpu': {
    kind: 'counter',
    unit: 'seconds',
    prometheus: 'ysh_process_cpu_seconds_total',
    labels: {},
    help: 'Processor time of Node-RED, user and system.',
  },
  'process.event_loop.delay': {
    kind: 'gauge',
    unit: 'seconds',
    prometheus: 'ysh_process_event_loop_delay_seconds',
    labels: { at: ['p50', 'p99', 'max'] },
    help: 'How late the event loop of Node-RED was, in the last minute or so.',
  },
  'process.handles': {
    kind: 'gauge',
    unit: 'count',
    prometheus: 'ysh_process_handles',
    labels: { kind: ['resources', 'files'] },
    help: 'What keeps the event loop of Node-RED busy, and its open file descriptors.',
  },
  'process.start': {
    kind: 'gauge',
    unit: 'seconds',
    prometheus: 'ysh_process_start_time_seconds',
    labels: {},
    help: 'When Node-RED was started, in seconds since 1970.',
  },
  'governor.active': {
    kind: 'gauge',
    unit: 'count',
    prometheus: 'ysh_governor_active',
    labels: { work: heavyWork },
    help: 'Heavy work that the governor has let in and that is not done.',
  },
  'governor.waiting': {
    kind: 'gauge',
    unit: 'count',
    prometheus: 'ysh_governor_waiting',
    labels: { work: heavyWork },
    help: 'Heavy work that waits for memory or the processor.',
  },
  'governor.waits': {
    kind: 'counter',
    unit: 'count',
    prometheus: 'ysh_governor_waits_total',
    labels: { work: heavyWork },
    help: 'How often heavy work has had to wait.',
  },
  'governor.room': {
    kind: 'gauge',
    unit: 'count',
    prometheus: 'ysh_governor_room',
    labels: { work: heavyWork },
    help: 'How much more heavy work the governor would let in now.',
  },
  'governor.memory.free': {
    kind: 'gauge',
    unit: 'bytes',
    prometheus: 'ysh_governor_memory_free_bytes',
    labels: {},
    help: 'Free memory as the governor sees it.',
  },
  'governor.memory.limit': {
    kind: 'gauge',
    unit: 'bytes',
    prometheus: 'ysh_governor_memory_limit_bytes',
    labels: {},
    help: 'Limit of memory that the governor goes by: of the tightest group, or the machine.',
  },
  'governor.processor.held': {
    kind: 'gauge',
    unit: 'count',
    prometheus: 'ysh_governor_processor_held',
    labels: {},
    help: '1 while the machine holds the processor back, as burstable ones do without credits.',
  },
  'metrics.facts.age': {
    kind: 'gauge',
    unit: 'seconds',
    prometheus: 'ysh_metrics_facts_age_seconds',
    labels: {},
    help: 'How old the figures are that come from the stores.',
  },
  'build.info': {
    kind: 'gauge',
    unit: 'count',
    prometheus: 'ysh_build_info',
    labels: { version: { most: 1 } },
    help: '1, for the version of this package.',
  },
})

/** A metric by its dotted name. */
export type MetricName = keyof typeof catalogue

/** The labels of a metric, each to be given. */
export type Labels<N extends MetricName> = { readonly [L in keyof (typeof catalogue)[N]['labels']]: string }

/** The names of the labels of a metric. */
export type LabelNames<N extends MetricName> = keyof (typeof catalogue)[N]['labels'] & string

/** The names of one kind. */
export type NamesOf<K extends MetricDeclaration['kind']> = {
  [N in MetricName]: (typeof catalogue)[N]['kind'] extends K ? N : never
}[MetricName]

/** The declaration of a metric, without its literal types. */
export function declarationOf(name: MetricName): MetricDeclaration {
  return catalogue[name]
}

/** All dotted names. */
export const metricNames = Object.keys(catalogue).filter((name): name is MetricName => name in catalogue)
