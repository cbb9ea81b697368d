import { type Infer, Type } from '../../schema.ts'
import { planVersion } from './version.ts'

/**
 * The portable plan: what a flow means, without Node-RED. Emitters (Step Functions, Airflow, Lambda, Terraform) read nothing else. Every id
 * is stable, every list has a fixed order, and the whole is written as canonical JSON, so that the same flow gives the same bytes.
 *
 * A pipeline is made of regions. In a region exactly one node is at work at a time; `next` names the node that follows, and null leaves the
 * region with the message as it is; that of the run is done then. Only maps hold other regions.
 */

const Target = Type.Union([Type.String(), Type.Null()], {
  description: 'A node of the same region; null leaves the region',
})

/** Where a node comes from, for messages about it. */
const origin = {
  id: Type.String({
    description: 'Unique in the pipeline: the path, behind the ids of the link call nodes it is reached through',
  }),
  path: Type.String({ description: 'The id in the journal: subflow instances and the own id, joined by /' }),
  type: Type.String({ description: "The Node-RED node's type" }),
  name: Type.String(),
  tab: Type.String(),
}

/** When and how often a step is tried again. */
export const RetrySchema = Type.Object({
  node: Type.String({ description: 'Id of the ysh-retry-backoff it comes from' }),
  maxRetries: Type.Integer({
    minimum: 0,
    description: 'Tries after the first one; those that the deadline leaves no time for are left out',
  }),
  law: Type.Enum(['fixed', 'linear', 'exponential'], {
    description: 'base, base × n, base × 2ⁿ⁻¹ before the n-th retry',
  }),
  baseSeconds: Type.Number({ minimum: 0 }),
  capSeconds: Type.Number({ minimum: 0 }),
  jitter: Type.Enum(['none', 'full']),
  deadlineSeconds: Type.Number({ description: 'No wait that would end later than this after the first try is begun' }),
  on: Type.Union([
    Type.Object({ errors: Type.Literal('retryable', { description: 'those whose own property `retryable` is true' }) }),
    Type.Object({
      errors: Type.Enum(['codes', 'except']),
      codes: Type.Array(Type.String(), { description: 'a trailing * stands for all that begin so' }),
    }),
  ]),
})

/** What follows an error that is not tried again (any more): the message goes there with `error` in it. */
export const CatchSchema = Type.Object({
  node: Type.String({ description: 'Id of the catch node' }),
  to: Target,
})

const handling = {
  retry: Type.Union([RetrySchema, Type.Null()]),
  catch: Type.Union([CatchSchema, Type.Null()], {
    description: 'null: an error fails the item, outside a map the run',
  }),
}

/** One piece of work: executed by the step runtime, one result on one port. */
export const StepNodeSchema = Type.Object({
  kind: Type.Literal('step'),
  ...origin,
  config: Type.Record(Type.String(), Type.Unknown(), {
    description:
      'Settings as the flow has them; references to the environment are filled in by whoever executes the step; ids of config nodes are in resources',
  }),
  entry: Type.Enum(['work', 'take', 'late'], {
    description:
      'work: as a node on the way; take: a trigger fetches what its event names; late: a model works off what it owes',
  }),
  durable: Type.Boolean({ description: 'Whether it stands in the journal; change and switch nodes do not' }),
  timeoutSeconds: Type.Number({ minimum: 0, description: 'A try that takes longer fails with TIMEOUT; 0: no limit' }),
  concurrency: Type.Integer({ minimum: 1, description: 'Most at once in one process, whatever run they belong to' }),
  delivers: Type.Boolean({ description: 'What it writes into the outbox must be delivered by somebody' }),
  ports: Type.Record(Type.String(), Target, {
    description: 'By port: what follows; a result is on exactly one of them',
  }),
  ...handling,
})

/** What a choice compares with. */
const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])

/** A switch node whose rules are data. Compared are values of one type; a rule that does not fit the value's type does not match. */
export const ChoiceNodeSchema = Type.Object({
  kind: Type.Literal('choice'),
  ...origin,
  property: Type.String({ description: 'Path in the message: payload.language' }),
  rules: Type.Array(
    Type.Object({
      op: Type.Enum(['eq', 'neq', 'lt', 'lte', 'gt', 'gte', 'btwn', 'true', 'false', 'null', 'nnull']),
      value: Type.Optional(Scalar),
      upper: Type.Optional(Scalar),
      to: Target,
    }),
    { description: 'The first that matches decides' },
  ),
  otherwise: Target,
})

/** A pause of fixed length. */
export const WaitNodeSchema = Type.Object({
  kind: Type.Literal('wait'),
  ...origin,
  seconds: Type.Number({ minimum: 0 }),
  next: Target,
})

/**
 * Does a region for each item of a list. `items`: ysh-each to ysh-join; an item that leaves its region with an error in the message is
 * recorded as failed, and the map goes on with `payload` = {items, done, failed}. `batches`: the parts that a step reads (rows of a
 * dataset), one after the other; when one failed the map fails with the first such error, after all of them.
 */
export const MapNodeSchema = Type.Object({
  kind: Type.Literal('map'),
  ...origin,
  config: Type.Record(Type.String(), Type.Unknown()),
  over: Type.Enum(['items', 'batches']),
  list: Type.Union([Type.Array(Type.String()), Type.Null()], {
    description: 'The items, where they stand in the flow',
  }),
  listAt: Type.String({ description: 'Else: property of the payload that holds them; blank is the payload itself' }),
  property: Type.String({
    description: 'Property of the payload that an item becomes; blank makes it the whole payload',
  }),
  key: Type.String({
    description: 'Property that names an item; blank takes texts as they are and a hash of anything else',
  }),
  window: Type.Integer({ minimum: 1, description: 'Items at once' }),
  maxItems: Type.Union([Type.Integer(), Type.Null()], {
    description:
      'Most items: the length of the list, or what a line `items: N` in the description promises; null: unknown',
  }),
  timeoutSeconds: Type.Number({ minimum: 0, description: 'Of the step that reads the batches' }),
  region: Type.String({ description: 'Id of the region of an item' }),
  branches: Type.Union([Type.Array(Type.Object({ key: Type.String(), start: Type.String() })), Type.Null()], {
    description:
      'Where each item of the list has a way of its own, apart from the others: first nodes, by item. For engines that draw it so',
  }),
  join: Type.Union([Type.String(), Type.Null()], { description: 'Id of the ysh-join; null for batches' }),
  empty: Target,
  next: Target,
  ...handling,
})

/** Ends the run: failed when the message carries an error, or more items failed than `tolerance` admits. */
export const EndNodeSchema = Type.Object({
  kind: Type.Literal('end'),
  ...origin,
  tolerance: Type.String({ description: 'A number, a share such as 10%, or any' }),
})

export const PlanNodeSchema = Type.Union([
  StepNodeSchema,
  ChoiceNodeSchema,
  WaitNodeSchema,
  MapNodeSchema,
  EndNodeSchema,
])

export const RegionSchema = Type.Object({
  id: Type.String({ description: "'' is the run's own; else the id of the map it belongs to" }),
  start: Target,
  nodes: Type.Array(PlanNodeSchema, { description: 'Each before those that follow it' }),
})

/** What starts a run. */
export const TriggerSchema = Type.Union([
  Type.Object({
    kind: Type.Literal('schedule'),
    cron: Type.String({ description: 'Minute, hour, day of month, month, day of week (Sunday 0 or 7)' }),
    timeZone: Type.String(),
  }),
  Type.Object({ kind: Type.Literal('manual') }),
  Type.Object({ kind: Type.Literal('webhook'), method: Type.String(), url: Type.String() }),
  Type.Object({
    kind: Type.Literal('object'),
    buckets: Type.Union([Type.String(), Type.Array(Type.String())]),
    prefix: Type.String(),
    suffix: Type.String(),
    events: Type.Enum(['created', 'restored', 'both']),
  }),
  Type.Object({
    kind: Type.Literal('alert'),
    language: Type.Enum(['pt-BR', 'en-US'], { description: 'Of the subject (msg.topic) and of the text' }),
    content: Type.Enum(['alert', 'text'], { description: 'What the payload is: the alert as an object, or its text' }),
  }),
  Type.Object({
    kind: Type.Literal('late'),
    node: Type.String({ description: 'Path of the step that owes work while its model is away' }),
    lookSeconds: Type.Number({ description: 'How often to look whether the model is back' }),
  }),
])

export const PipelineSchema = Type.Object({
  id: Type.String({ description: "The trigger node's path; `/late` behind it for what a step owes" }),
  name: Type.String(),
  tab: Type.String(),
  trigger: TriggerSchema,
  overlap: Type.Enum(['skip', 'queue', 'replace', 'parallel']),
  catchUp: Type.Enum(['skip', 'last', 'all']),
  stallSeconds: Type.Number(),
  payload: Type.Unknown({ description: 'What a run by schedule or by hand starts with' }),
  choiceProperties: Type.Array(Type.String(), {
    description: 'Paths that choices read: whoever moves a large payload out of the message leaves these in it',
  }),
  regions: Type.Array(RegionSchema, { description: "The run's own first" }),
})

/** A setting that comes from the environment. */
export const VariableSchema = Type.Object({
  name: Type.String(),
  default: Type.Union([Type.String(), Type.Null()], { description: 'What the flow says; null: it says nothing' }),
  nodes: Type.Array(Type.String(), { description: 'Paths of the nodes whose settings use it' }),
})

/** A config node: stores, portal, model, mail. */
export const ResourceSchema = Type.Object({
  id: Type.String(),
  type: Type.String(),
  name: Type.String(),
  config: Type.Record(Type.String(), Type.Unknown()),
})

export const PlanSchema = Type.Object({
  version: Type.Literal(planVersion),
  source: Type.Object({
    sha256: Type.String({ description: 'Of the flow as canonical JSON, nodes by id, without places and looks' }),
    nodes: Type.Integer(),
  }),
  environment: Type.Array(VariableSchema),
  resources: Type.Array(ResourceSchema),
  pipelines: Type.Array(PipelineSchema),
})

export type Plan = Infer<typeof PlanSchema>
export type Pipeline = Infer<typeof PipelineSchema>
export type Region = Infer<typeof RegionSchema>
export type PlanNode = Infer<typeof PlanNodeSchema>
export type StepNode = Infer<typeof StepNodeSchema>
export type ChoiceNode = Infer<typeof ChoiceNodeSchema>
export type WaitNode = Infer<typeof WaitNodeSchema>
export type MapNode = Infer<typeof MapNodeSchema>
export type EndNode = Infer<typeof EndNodeSchema>
export type Retry = Infer<typeof RetrySchema>
export type Catch = Infer<typeof CatchSchema>
export type Trigger = Infer<typeof TriggerSchema>
