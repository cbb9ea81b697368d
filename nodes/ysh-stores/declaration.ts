import { Type } from '../../lib/schema.ts'
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
      pattern: '^(|postgres(ql)?://\\S+)$',
      description: 'PostgreSQL server; blank runs the embedded one',
    }),
    redisUrl: Type.String({
      default: '',
      pattern: '^(|rediss?://\\S+)$',
      description: 'Redis server for the cache; blank keeps it in PostgreSQL',
    }),
    qdrantUrl: Type.String({
      default: '',
      pattern: '^(|https?://[^\\s/@]+(/\\S*)?)$',
      description: 'Qdrant server for vectors; blank keeps them in PostgreSQL with pgvector',
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
  },
  form: [
    { field: 'folder', icon: 'folder-o' },
    { field: 'postgresUrl', icon: 'database' },
    { field: 'postgresPassword' },
    { field: 'redisUrl', icon: 'bolt' },
    { field: 'redisPassword' },
    { field: 'qdrantUrl', icon: 'cubes' },
    { field: 'qdrantApiKey' },
    { field: 'keepDays', icon: 'history' },
    { field: 'runsAtOnce', icon: 'tasks' },
    { section: 'network', fields: [{ field: 'allowAddresses', icon: 'shield' }] },
  ],
  texts: ['status.opening'],
})
