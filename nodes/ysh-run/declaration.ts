import { ScheduleSchema } from '../../lib/runs/schedule.ts'
import { Type } from '../../lib/schema.ts'
import { defineNode } from '../kit/declaration.ts'

const { timeZone, catchUp } = ScheduleSchema.properties

/** What starts a flow, and how its runs get along with each other. */
export const RunNodeSchema = Type.Object(
  {
    schedule: Type.String({
      default: '',
      maxLength: 200,
      description: 'Cron: minute, hour, day of month, month, day of week; blank starts runs by message and button only',
    }),
    timeZone,
    catchUp,
    overlap: Type.Enum(['skip', 'queue', 'replace', 'parallel'], {
      default: 'skip',
      description: 'What happens when a run is due while another of this node is not through',
    }),
    payload: Type.String({
      default: '{}',
      maxLength: 60_000,
      description: 'What runs by schedule and button start with, as JSON',
    }),
    stallSeconds: Type.Integer({
      default: 300,
      minimum: 10,
      maximum: 604_800,
      description: 'A run in which nothing moves for so long is sent anew once, then fails',
    }),
  },
  { additionalProperties: false },
)

/** Starts runs, and sends them anew after a restart or deploy. */
export const declaration = defineNode({
  type: 'ysh-run',
  category: 'ysh',
  color: '#A9BEDC',
  icon: 'ysh-run.svg',
  inputs: 1,
  outputs: ['run'],
  config: RunNodeSchema,
  references: { stores: { type: 'ysh-stores' } },
  limits: { concurrency: 4, queueLimit: 1_000 },
  labelFrom: 'schedule',
  button: true,
  form: [
    { field: 'schedule', icon: 'calendar' },
    { field: 'timeZone', icon: 'globe' },
    { field: 'stores', icon: 'database' },
    {
      section: 'runs',
      fields: [
        { field: 'catchUp', icon: 'history' },
        { field: 'overlap', icon: 'clone' },
        { field: 'stallSeconds', icon: 'hourglass-o' },
      ],
    },
    { section: 'payload', fields: [{ field: 'payload', icon: 'envelope-o', widget: 'textarea' }] },
  ],
  messages: { input: null, output: null },
  texts: [
    'status.next',
    'status.running',
    'status.parked',
    'status.skipped',
    'status.queued',
    'status.duplicate',
    'status.ready',
  ],
})
