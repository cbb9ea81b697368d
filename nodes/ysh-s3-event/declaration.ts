import { Type } from '../../lib/schema.ts'
import { TakenSchema } from '../../lib/steps/events/take-schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** Where events come from, which are wanted, and what becomes of them. */
export const EventNodeSchema = Type.Object(
  {
    source: Type.Enum(['queue', 'push', 'folder'], {
      default: 'queue',
      description: 'A queue of SQS, an endpoint that SNS or EventBridge pushes to, or a folder on this machine',
    }),
    buckets: Type.Array(Type.String({ minLength: 1, maxLength: 255 }), {
      default: [],
      maxItems: 100,
      description: 'Buckets whose events are taken; any other is refused',
    }),
    prefix: Type.String({ default: '', maxLength: 1_000, description: 'What keys begin with' }),
    suffix: Type.String({ default: '.pdf', maxLength: 100, description: 'What keys end with, in any case of letters' }),
    kinds: Type.Enum(['created', 'restored', 'both'], {
      default: 'created',
      description: 'New objects, archived ones that can be read again, or both',
    }),
    copy: Type.Boolean({
      default: true,
      description: 'Copies the object into the object store, so that the next nodes have payload.artifact',
    }),
    maxBytes: Type.Integer({
      default: 1_000_000_000,
      minimum: 1,
      maximum: 1_000_000_000_000,
      description: 'A larger object is refused, in bytes',
    }),
    overlap: Type.Enum(['queue', 'parallel'], {
      default: 'queue',
      description: 'Whether the run of an event waits for the one before it',
    }),
    stallSeconds: Type.Integer({
      default: 300,
      minimum: 10,
      maximum: 604_800,
      description: 'A run in which nothing moves for so long is sent anew once, then fails',
    }),
    queueUrl: Type.String({
      default: '',
      maxLength: 1_000,
      pattern: '^(|https?://\\S+)$',
      description: 'Address of the queue',
    }),
    region: Type.String({ default: '', maxLength: 50, description: 'Blank is what the environment says' }),
    endpoint: Type.String({
      default: '',
      pattern: '^(|https?://\\S+)$',
      description: 'Address of another server that speaks S3 and SQS; blank is AWS',
    }),
    accessKeyId: Type.String({ default: '', description: 'Blank uses what the machine has' }),
    secretAccessKey: Type.String({ default: '', description: 'Of the access key' }),
    path: Type.String({
      default: '',
      pattern: '^(|[A-Za-z0-9_-]{1,100})$',
      description: 'The endpoint is /ysh-s3-event/ and this',
    }),
    topicArn: Type.String({
      default: '',
      pattern: '^(|arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]+)$',
      description: 'The topic of SNS whose messages are taken; its signature is checked',
    }),
    secretHeader: Type.String({
      default: 'x-api-key',
      pattern: '^[A-Za-z0-9-]{1,100}$',
      description: 'Header that an API destination of EventBridge sends',
    }),
    secret: Type.String({ default: '', description: 'Value of that header' }),
    folder: Type.String({ default: '', maxLength: 1_000, description: 'In Node-RED relative to its user folder' }),
    settleSeconds: Type.Number({
      default: 10,
      minimum: 0.1,
      maximum: 86_400,
      description: 'A file is taken when its size has not changed for so long',
    }),
    pollSeconds: Type.Number({
      default: 5,
      minimum: 0.1,
      maximum: 86_400,
      description: 'Pause between two looks into the folder',
    }),
  },
  { additionalProperties: false },
)

const on = (source: 'queue' | 'push' | 'folder') => ({ when: { field: 'source', is: [source] } }) as const
const inS3 = { when: { field: 'source', is: ['queue', 'push'] } } as const

/** Starts a run for each new object. */
export const declaration = defineNode({
  type: 'ysh-s3-event',
  category: 'ysh',
  color: '#A9BEDC',
  icon: 'ysh-s3-event.svg',
  // its own message again, after an error
  inputs: 1,
  outputs: ['object'],
  config: EventNodeSchema,
  references: { stores: { type: 'ysh-stores' } },
  credentials: {
    accessKeyId: { type: 'text' },
    secretAccessKey: { type: 'password' },
    secret: { type: 'password' },
  },
  limits: { concurrency: 2, queueLimit: 10_000, timeoutSeconds: 3_600 },
  labelFrom: 'source',
  form: [
    { field: 'source', icon: 'sign-in' },
    { field: 'stores', icon: 'database' },
    { field: 'queueUrl', icon: 'list', ...on('queue') },
    { field: 'path', icon: 'link', ...on('push') },
    { field: 'topicArn', icon: 'bullhorn', ...on('push') },
    { field: 'secretHeader', icon: 'tag', ...on('push') },
    { field: 'secret', ...on('push') },
    { field: 'folder', icon: 'folder-open-o', ...on('folder') },
    { field: 'settleSeconds', icon: 'hourglass-half', ...on('folder') },
    { field: 'pollSeconds', icon: 'clock-o', ...on('folder') },
    { field: 'buckets', icon: 'archive', ...inS3 },
    { field: 'kinds', icon: 'filter', ...inS3 },
    { field: 'prefix', icon: 'step-backward' },
    { field: 'suffix', icon: 'step-forward' },
    {
      section: 'aws',
      fields: [
        { field: 'copy', icon: 'copy' },
        { field: 'maxBytes', icon: 'arrows-h' },
        { field: 'region', icon: 'globe' },
        { field: 'endpoint', icon: 'server' },
        { field: 'accessKeyId', icon: 'user' },
        { field: 'secretAccessKey' },
      ],
    },
    {
      section: 'runs',
      fields: [
        { field: 'overlap', icon: 'clone' },
        { field: 'stallSeconds', icon: 'hourglass-o' },
      ],
    },
  ],
  messages: { input: null, output: TakenSchema },
  texts: ['status.ready', 'status.event', 'status.refused'],
})
