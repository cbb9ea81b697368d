import { Type } from '../../lib/schema.ts'
import { defineNode } from '../kit/declaration.ts'

const week = 604_800
const month = 2_592_000

/** When, how often and after which errors a message is tried again. */
export const RetryNodeSchema = Type.Object(
  {
    backoff: Type.Enum(['fixed', 'linear', 'exponential'], {
      default: 'fixed',
      description: 'How the wait grows: always the same, × n, or × 2ⁿ⁻¹ before the n-th retry',
    }),
    baseSeconds: Type.Number({ default: 60, minimum: 0, maximum: week, description: 'The first wait' }),
    attempts: Type.Integer({ default: 4, minimum: 1, maximum: 1_000, description: 'Tries in all, the first included' }),
    capSeconds: Type.Number({
      default: 3_600,
      minimum: 0,
      maximum: week,
      description: 'No wait is longer; a server that asks for a longer one (Retry-After) ends the tries',
    }),
    deadlineSeconds: Type.Number({
      default: 86_400,
      exclusiveMinimum: 0,
      maximum: month,
      description: 'No wait that would end later than this after the first try is begun',
    }),
    jitter: Type.Enum(['none', 'full'], {
      default: 'none',
      description:
        'full: a random wait between 0 and what the law says, so that many messages do not come back together',
    }),
    retryOn: Type.Enum(['pipeline', 'codes', 'expression'], {
      default: 'pipeline',
      description: 'Which errors are tried again',
    }),
    codesMean: Type.Enum(['retry', 'except'], { default: 'retry', description: 'What the list of codes is' }),
    codes: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { default: [], maxItems: 100 }),
    expression: Type.String({ default: '', maxLength: 10_000, description: 'JSONata over the message' }),
    maxWaiting: Type.Integer({
      default: 1_000,
      minimum: 1,
      maximum: 100_000,
      description: 'Messages from outside any run that may wait; the next one is given up',
    }),
  },
  { additionalProperties: false },
)

/** Tries messages again whose nodes failed. */
export const declaration = defineNode({
  type: 'ysh-retry-backoff',
  category: 'ysh',
  color: '#A9BEDC',
  icon: 'ysh-retry-backoff.svg',
  inputs: 1,
  outputs: ['try', 'gaveUp'],
  config: RetryNodeSchema,
  references: { stores: { type: 'ysh-stores' } },
  form: [
    { field: 'backoff', icon: 'line-chart' },
    { field: 'baseSeconds', icon: 'clock-o' },
    { field: 'attempts', icon: 'repeat' },
    { field: 'stores', icon: 'database' },
    {
      section: 'limits',
      fields: [
        { field: 'capSeconds', icon: 'arrows-v' },
        { field: 'deadlineSeconds', icon: 'hourglass-end' },
        { field: 'jitter', icon: 'random' },
        { field: 'maxWaiting', icon: 'hourglass-half' },
      ],
    },
    {
      section: 'errors',
      fields: [
        { field: 'retryOn', icon: 'filter' },
        { field: 'codesMean', icon: 'list-alt', when: { field: 'retryOn', is: ['codes'] } },
        { field: 'codes', when: { field: 'retryOn', is: ['codes'] } },
        { field: 'expression', icon: 'code', when: { field: 'retryOn', is: ['expression'] } },
      ],
    },
  ],
  messages: { input: null, output: null },
  texts: ['status.trying', 'status.waiting', 'status.waitingMore', 'status.gaveUp'],
})
