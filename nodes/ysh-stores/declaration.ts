import { Type } from '../../lib/schema.ts'
import { referencePattern } from '../../lib/secrets/reference.ts'
import { defineNode } from '../kit/declaration.ts'

/** Where rows, files, journal and cache are kept. */
export const StoresNodeSchema = Type.Object(
  {
    folder: Type.String({
      default: '',
      maxLength: 1_000,
      description:
        'Folder of raw files, files in progress and the embedded PostgreSQL; blank is ysh-data in the Node-RED user folder',
    }),
    postgresUrl: Type.String({
      default: '',
      pattern: `^(|postgres(ql)?://\\S+|${referencePattern})$`,
      description: 'PostgreSQL server, or a reference to its address; blank runs the embedded one',
    }),
    redisUrl: Type.String({
      default: '',
      pattern: `^(|rediss?://\\S+|${referencePattern})$`,
      description: 'Redis server for the cache, or a reference to its address; blank keeps it in PostgreSQL',
    }),
    qdrantUrl: Type.String({
      default: '',
      pattern: '^(|https?://[^\\s/@]+(/\\S*)?)$',
      description: 'Qdrant server for vectors; blank keeps them in PostgreSQL with pgvector',
    }),
    s3Bucket: Type.String({
      default: '',
      pattern: '^(|[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])$',
      description: 'Bucket of S3 for files; blank keeps them in the folder',
    }),
    s3Prefix: Type.String({ default: '', maxLength: 500, description: 'Before every key in the bucket' }),
    s3Region: Type.String({
      default: '',
      pattern: '^(|[a-z0-9-]{2,50})$',
      description: 'Region of the bucket; blank is what the environment says',
    }),
    s3Endpoint: Type.String({
      default: '',
      pattern: '^(|https?://\\S+)$',
      description: 'Address of another server that speaks S3; blank is AWS',
    }),
    keepDays: Type.Integer({
      default: 90,
      minimum: 1,
      maximum: 3_650,
      description: 'How long ended runs stay in the journal',
    }),
    allowAddresses: Type.Array(Type.String({ minLength: 1, maxLength: 300 }), {
      default: [],
      maxItems: 100,
      description:
        'Internal hosts that may be fetched from: names, addresses, either with a port, or ranges; everything else on private networks is refused',
    }),
    runsAtOnce: Type.Integer({
      default: 20,
      minimum: 1,
      maximum: 1_000,
      description: 'Most runs this Node-RED works on at once; more wait, or go to another one on the same PostgreSQL',
    }),
  },
  { additionalProperties: false },
)

export const declaration = defineNode({
  type: 'ysh-stores',
  category: 'config',
  config: StoresNodeSchema,
  credentials: {
    postgresPassword: { type: 'password' },
    redisPassword: { type: 'password' },
    qdrantApiKey: { type: 'password' },
    s3AccessKeyId: { type: 'text' },
    s3SecretAccessKey: { type: 'password' },
  },
  form: [
    { field: 'folder', icon: 'folder-o' },
    { field: 'postgresUrl', icon: 'database' },
    { field: 'postgresPassword' },
    { field: 'redisUrl', icon: 'bolt' },
    { field: 'redisPassword' },
    { field: 'qdrantUrl', icon: 'cubes', widget: 'custom:test' },
    { field: 'qdrantApiKey' },
    { field: 'keepDays', icon: 'history' },
    { field: 'runsAtOnce', icon: 'tasks' },
    {
      section: 's3',
      fields: [
        { field: 's3Bucket', icon: 'archive' },
        { field: 's3Prefix', icon: 'folder-o' },
        { field: 's3Region', icon: 'globe' },
        { field: 's3Endpoint', icon: 'server' },
        { field: 's3AccessKeyId', icon: 'user' },
        { field: 's3SecretAccessKey' },
      ],
    },
    { section: 'network', fields: [{ field: 'allowAddresses', icon: 'shield' }] },
  ],
  texts: ['status.opening', 'list.test', 'list.testing', 'list.failed', 'list.good', 'list.bad', 'list.embedded'],
})
