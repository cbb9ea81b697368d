/**
 * What comes out of an output. `result`: the message goes on there, on one output of them. `aside`: another message beside it. `batches`: a
 * part of what is read, each let through before the next. `stream`: parts that nobody waits for. `late`: a run of its own, of later.
 */
export type Sends = 'result' | 'aside' | 'batches' | 'stream' | 'late'

/** A node type that is a step: its outputs in order, by the names of its declaration (a test compares them). */
export interface StepKind {
  ports: readonly (readonly [name: string, sends: Sends])[]
  /** Default of the form, where the flow says nothing. */
  timeoutSeconds?: number
  concurrency?: number
  /** Its effect is an entry of the outbox. */
  delivers?: true
}

const results = (...names: string[]) => names.map((name) => [name, 'result'] as const)

/** The steps of this palette, as far as they can stand in a run. */
export const stepKinds: Readonly<Record<string, StepKind>> = {
  'ysh-aneel-fetch': { ports: results('published', 'unchanged'), timeoutSeconds: 14_400 },
  'ysh-utility-scrape': { ports: results('published', 'unchanged', 'held'), timeoutSeconds: 900 },
  'ysh-pdf-extract': { ports: [...results('extracted', 'unchanged'), ['page', 'stream']], timeoutSeconds: 7_200 },
  'ysh-ollama-enrich': {
    ports: [...results('done'), ['late', 'late']],
    timeoutSeconds: 14_400,
    concurrency: 2,
  },
  'ysh-vector-index': { ports: results('indexed', 'unchanged'), timeoutSeconds: 14_400 },
  'ysh-vector-search': { ports: results('found', 'nothing'), timeoutSeconds: 120, concurrency: 4 },
  'ysh-archive': { ports: results('done', 'waiting'), timeoutSeconds: 7_200 },
  'ysh-api-cache': { ports: results('renewed'), timeoutSeconds: 900 },
  'ysh-notify': { ports: results('queued'), timeoutSeconds: 120, delivers: true },
  'ysh-incident': { ports: [['changed', 'aside'], ...results('pass')], concurrency: 4, delivers: true },
  'ysh-dataset-query': { ports: [['rows', 'batches'], ...results('end')] },
}

/** Nodes that start runs; their outputs. */
export const triggerTypes: ReadonlySet<string> = new Set(['ysh-run', 'ysh-s3-event', 'ysh-alerts'])

/** Nodes that only show, or say nothing about a run. */
export const dropped: ReadonlySet<string> = new Set(['debug', 'comment'])
/** Nodes that only pass messages on. */
export const wiring: ReadonlySet<string> = new Set(['junction', 'link in', 'link out'])
/** Nodes whose meaning is code that only Node-RED has. */
export const code: ReadonlySet<string> = new Set(['function', 'template', 'exec'])
/** Nodes that cut messages into streams, or make one of many. */
export const streams: ReadonlySet<string> = new Set(['split', 'join', 'batch', 'sort'])
