import { join, resolve } from 'node:path'
import { PipelineError } from '../errors.ts'
import { type Infer, parser, Type } from '../schema.ts'
import { reveal } from '../secrets/reveal.ts'
import { AwsSchema } from './aws/config.ts'
import { counted } from './cache/count.ts'
import type { Cache } from './cache/port.ts'
import { openTableCache } from './cache/table.ts'
import { openFolderObjects } from './objects/folder.ts'
import type { ObjectStore } from './objects/port.ts'
import { openS3Objects } from './objects/s3.ts'
import { openPostgres, type PostgresConfig, type PostgresStore } from './postgres/index.ts'
import { revealAddress } from './reveal.ts'
import { openScratch } from './scratch.ts'
import type { Stores } from './stores.ts'
import { openPgVectors } from './vectors/pgvector/store.ts'
import type { VectorStore } from './vectors/port.ts'

const strict = { additionalProperties: false, default: {} }
const milliseconds = (description: string) => Type.Optional(Type.Integer({ minimum: 100, description }))

/** Where the data are. An empty text counts as not given, as an empty field of a form does. */
export const StoresConfigSchema = Type.Object(
  {
    folder: Type.String({
      default: '.data',
      minLength: 1,
      description: 'Everything that is not said below lies in here',
    }),
    postgres: Type.Object(
      {
        url: Type.Optional(
          Type.String({
            description: 'A server: postgresql://user:password@host:5432/database, or a reference to that',
          }),
        ),
        password: Type.Optional(Type.String({ description: 'Or a reference to it; counts more than that in the URL' })),
        folder: Type.Optional(
          Type.String({
            description: 'Without a server: folder of the embedded PostgreSQL, by default postgres in `folder`',
          }),
        ),
        maxConnections: Type.Optional(
          Type.Integer({ minimum: 1, maximum: 50, description: 'Connections of the pool' }),
        ),
        connectTimeoutMs: milliseconds('How long connecting may take'),
        statementTimeoutMs: milliseconds('How long a statement may take'),
      },
      strict,
    ),
    cache: Type.Object(
      {
        url: Type.Optional(
          Type.String({ description: 'A Redis: redis://user:password@host:6379/0; without it a table in PostgreSQL' }),
        ),
        password: Type.Optional(Type.String({ description: 'Or a reference to it; counts more than that in the URL' })),
        prefix: Type.Optional(Type.String({ description: 'Before every key in Redis, by default ysh:' })),
        timeoutMs: milliseconds('How long Redis may take'),
        maxEntries: Type.Optional(Type.Integer({ minimum: 1, description: 'Entries in the table, by default 10,000' })),
      },
      strict,
    ),
    objects: Type.Object(
      {
        folder: Type.Optional(Type.String({ description: 'By default objects in `folder`' })),
        bucket: Type.Optional(Type.String({ description: 'A bucket of S3; without it a folder' })),
        prefix: Type.Optional(Type.String({ description: 'Before every key in the bucket' })),
        ...AwsSchema.properties,
      },
      strict,
    ),
    vectors: Type.Object(
      {
        url: Type.Optional(
          Type.String({
            description: 'A Qdrant: https://host:6333; without it pgvector in PostgreSQL, embedded or not',
          }),
        ),
        apiKey: Type.Optional(Type.String({ description: 'Key of the Qdrant' })),
        timeoutMs: milliseconds('How long a request to Qdrant may take'),
      },
      strict,
    ),
    scratch: Type.Object(
      {
        folder: Type.Optional(
          Type.String({ description: 'Best on the disk of the objects; by default scratch in `folder`' }),
        ),
      },
      strict,
    ),
  },
  { additionalProperties: false },
)

/** {@link StoresConfigSchema} with every default filled in. */
export type StoresConfig = Infer<typeof StoresConfigSchema>
/** What {@link openStores} takes: nothing in it is required. */
export type StoresOptions = { [Part in keyof StoresConfig]?: StoresConfig[Part] }

/** {@link Stores} that somebody has to close. */
export interface OpenStores extends Stores {
  /** Gives this opening up; the last one closes the stores, in the reverse order of opening. Again does nothing. */
  close(): Promise<void>
}

const config = parser(StoresConfigSchema, 'The configuration of the stores', 'STORE_CONFIG')

/** Stores of this process by their configuration, while somebody has them open. */
const shared = new Map<string, Shared>()
interface Shared {
  opening: Promise<OpenStores>
  users: number
  closing?: Promise<void>
}

/**
 * Opens all stores of a configuration, and removes what killed processes left in the scratch folder. Within a process the
 * same configuration opened again is the same stores. Throws STORE_CONFIG (its message never holds a URL) and what the
 * stores throw when they open; whatever was opened is then closed again.
 */
export async function openStores(options: StoresOptions = {}): Promise<OpenStores> {
  const settings = settle(config.parse(options))
  const key = JSON.stringify(settings)
  let entry = shared.get(key)
  while (entry?.closing !== undefined) {
    // Waited for and not shared: the embedded database must be closed before it is opened anew.
    await Promise.allSettled([entry.closing])
    entry = shared.get(key)
  }
  if (entry === undefined) {
    entry = { opening: openAll(settings), users: 0 }
    shared.set(key, entry)
  }
  const mine = entry
  mine.users += 1
  try {
    const stores = await mine.opening
    let given: Promise<void> | undefined
    return { ...stores, close: () => (given ??= leave(key, mine)) }
  } catch (error) {
    if (shared.get(key) === mine) shared.delete(key)
    throw error
  }
}

async function leave(key: string, entry: Shared): Promise<void> {
  entry.users -= 1
  if (entry.users > 0) return
  entry.closing = entry.opening.then((stores) => stores.close()).finally(() => shared.delete(key))
  await entry.closing
}

interface Settings {
  postgres: PostgresConfig
  postgresPassword: string | undefined
  cache: StoresConfig['cache']
  vectors: StoresConfig['vectors']
  objects: StoresConfig['objects'] & { folder: string }
  scratch: string
}

function settle({ folder, postgres, cache, vectors, objects, scratch }: StoresConfig): Settings {
  const under = (given: string | undefined, name: string) => resolve(given || join(folder, name))
  const { url, folder: own, password, ...limits } = postgres
  if (url && own) throw new PipelineError('STORE_CONFIG', 'PostgreSQL has either a URL or a folder, not both')
  if (objects.bucket && objects.folder) {
    throw new PipelineError('STORE_CONFIG', 'Objects are in a bucket or in a folder, not in both')
  }
  return {
    postgres: url
      ? { ...limits, kind: 'server', url }
      : { ...limits, kind: 'embedded', folder: under(own, 'postgres') },
    postgresPassword: password,
    cache,
    vectors,
    objects: { ...objects, folder: under(objects.folder, 'objects') },
    scratch: under(scratch.folder, 'scratch'),
  }
}

async function openAll(settings: Settings): Promise<OpenStores> {
  const opened: { close(): Promise<void> }[] = []
  const close = async () => {
    const errors: unknown[] = []
    for (const store of opened.reverse().splice(0)) {
      await store.close().catch((error: unknown) => errors.push(error))
    }
    if (errors.length > 0) throw PipelineError.from(errors[0], 'STORE_UNAVAILABLE')
  }
  const keep = <T extends { close(): Promise<void> }>(store: T): T => {
    opened.push(store)
    return store
  }
  try {
    const postgres = keep(await openPostgres(await revealed(settings)))
    const scratch = keep(await openScratch(settings.scratch))
    const objects = keep(await openObjects(settings.objects, scratch.folder))
    const cache = counted(keep(await openCache(settings.cache, postgres)))
    const vectors = keep(await openVectors(settings.vectors, postgres))
    return { postgres, objects, cache, vectors, scratch: scratch.folder, close }
  } catch (error) {
    await close().catch(() => {}) // the first error is the one to act on
    throw error
  }
}

/** With the secrets themselves, which {@link shared} and whoever asked do not know. */
async function revealed({ postgres, postgresPassword }: Settings): Promise<PostgresConfig> {
  if (postgres.kind === 'embedded') return postgres
  return { ...postgres, url: await revealAddress('PostgreSQL', postgres.url, postgresPassword) }
}

async function openObjects(
  { folder, bucket, prefix, ...aws }: Settings['objects'],
  scratch: string,
): Promise<ObjectStore> {
  if (!bucket) return openFolderObjects({ folder })
  return openS3Objects({ ...aws, bucket, scratch, ...(prefix ? { prefix } : {}) })
}

async function openCache(cache: StoresConfig['cache'], postgres: PostgresStore): Promise<Cache> {
  const { url, password, prefix, timeoutMs, maxEntries } = cache
  if (!url) return openTableCache(postgres, maxEntries === undefined ? {} : { maxEntries })
  // each client is only in the memory of those who have its server
  const { openRedisCache } = await import('./cache/redis.ts')
  return openRedisCache({
    url: await revealAddress('Redis', url, password),
    ...(prefix ? { prefix } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  })
}

async function openVectors(
  { url, apiKey, timeoutMs }: StoresConfig['vectors'],
  postgres: PostgresStore,
): Promise<VectorStore> {
  if (!url) return openPgVectors(postgres)
  const { openQdrant } = await import('./vectors/qdrant/store.ts')
  const key = await reveal(apiKey ?? '')
  return openQdrant({ url, ...(key ? { apiKey: key } : {}), ...(timeoutMs === undefined ? {} : { timeoutMs }) })
}
