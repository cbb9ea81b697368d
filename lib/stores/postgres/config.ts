import { PipelineError } from '../../errors.ts'
import { type Infer, parser, Type } from '../../schema.ts'

const limits = {
  maxConnections: Type.Integer({
    minimum: 1,
    maximum: 50,
    default: 4,
    description: 'Connections of the pool; a bulk load has one of its own',
  }),
  connectTimeoutMs: Type.Integer({ minimum: 100, default: 10_000, description: 'How long connecting may take' }),
  statementTimeoutMs: Type.Integer({
    minimum: 100,
    default: 60_000,
    description: 'How long a statement may take, the wait for its turn included',
  }),
}

const serverSchema = Type.Object(
  {
    kind: Type.Literal('server'),
    url: Type.String({ pattern: '^postgres(ql)?://', description: 'postgresql://user:password@host:5432/database' }),
    ...limits,
  },
  { additionalProperties: false },
)

const embeddedSchema = Type.Object(
  {
    kind: Type.Literal('embedded'),
    folder: Type.String({ minLength: 1, description: 'Folder of the embedded PostgreSQL; made if absent' }),
    idleInTransactionMs: Type.Integer({
      minimum: 100,
      default: 60_000,
      description: 'A transaction that sends nothing for so long is rolled back, because all others wait for it',
    }),
    stuckMs: Type.Integer({
      minimum: 1_000,
      default: 900_000,
      description: 'A child process that has not answered for so long is killed and started again',
    }),
    ...limits,
  },
  { additionalProperties: false },
)

/** A PostgreSQL server, with every default filled in. */
export type ServerConfig = Infer<typeof serverSchema>
/** The embedded PostgreSQL, with every default filled in. */
export type EmbeddedConfig = Infer<typeof embeddedSchema>
/** What {@link parseConfig} accepts: only what has no default is required. */
export type PostgresConfig =
  | (Pick<ServerConfig, 'kind' | 'url'> & Partial<ServerConfig>)
  | (Pick<EmbeddedConfig, 'kind' | 'folder'> & Partial<EmbeddedConfig>)

const server = parser(serverSchema, 'PostgreSQL store (kind server)', 'STORE_CONFIG')
const embedded = parser(embeddedSchema, 'PostgreSQL store (kind embedded)', 'STORE_CONFIG')

/** Checks the configuration of a store and fills in its defaults. Throws STORE_CONFIG; the message never holds the URL. */
export function parseConfig(config: PostgresConfig): ServerConfig | EmbeddedConfig {
  if (config.kind === 'server') return server.parse(config)
  if (config.kind === 'embedded') return embedded.parse(config)
  throw new PipelineError('STORE_CONFIG', 'PostgreSQL store: kind must be "server" or "embedded"')
}
