import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { createHttpClient } from '../../lib/net/client.ts'
import { product } from '../../lib/product.ts'
import { createEngine } from '../../lib/runs/engine.ts'
import type { Infer } from '../../lib/schema.ts'
import type { Logger } from '../../lib/steps/step.ts'
import { openStores, type StoresOptions } from '../../lib/stores/open.ts'
import { sharedExporter } from '../../lib/traces/otlp/shared.ts'
import { traceEngine } from '../../lib/traces/sources/runs.ts'
import { Lingering } from '../kit/lingering.ts'
import type { Red } from '../kit/red.ts'
import { watchForShutdown } from '../kit/shutdown.ts'
import type { OpenEngine } from '../kit/stores-service.ts'
import type { StoresNodeSchema } from './declaration.ts'

/** How long an engine outlives its last node, in milliseconds; `yshStoresLingerMs` in settings.js sets another. */
const usualLingerMs = 10_000

/** The engines of this process, whichever nodes use them: two nodes with the same settings share one. */
let engines: Lingering<OpenEngine> | undefined

export function enginesOf(red: Red): Lingering<OpenEngine> {
  if (engines !== undefined) return engines
  watchForShutdown()
  const lingerMs = red.settings.yshStoresLingerMs
  engines = new Lingering(typeof lingerMs === 'number' ? lingerMs : usualLingerMs, (error) =>
    red.log.warn(`[ysh-stores] Closing failed: ${String(error)}`),
  )
  return engines
}

/** What an engine is opened with. */
export interface EngineSettings {
  stores: StoresOptions
  keepDays: number
  runsAtOnce: number
  /** Internal hosts that the HTTP client may reach. */
  allow: readonly string[]
  /** Name of this Node-RED among those on the same stores, the same after a restart. */
  owner: string
}

/** The settings of a node, references to secrets not looked up yet. A folder is relative to Node-RED's user folder. */
export function engineSettings(
  red: Red,
  config: Infer<typeof StoresNodeSchema>,
  { postgresPassword, redisPassword, qdrantApiKey, s3AccessKeyId, s3SecretAccessKey }: Readonly<Record<string, string>>,
): EngineSettings {
  const { folder, postgresUrl, redisUrl, qdrantUrl, keepDays, runsAtOnce, allowAddresses } = config
  const userDir = resolve(red.settings.userDir ?? '.')
  return {
    stores: {
      folder: resolve(userDir, folder.trim() || 'ysh-data'),
      ...(postgresUrl === '' ? {} : { postgres: { url: postgresUrl, ...passwordOf(postgresPassword) } }),
      ...(redisUrl === '' ? {} : { cache: { url: redisUrl, ...passwordOf(redisPassword) } }),
      ...(qdrantUrl === '' ? {} : { vectors: { url: qdrantUrl, ...(qdrantApiKey ? { apiKey: qdrantApiKey } : {}) } }),
      ...(config.s3Bucket === '' ? {} : { objects: bucketOf(config, s3AccessKeyId, s3SecretAccessKey) }),
    },
    keepDays,
    runsAtOnce,
    allow: allowAddresses,
    owner: replicaName(userDir),
  }
}

function bucketOf(
  { s3Bucket, s3Prefix, s3Region, s3Endpoint }: Infer<typeof StoresNodeSchema>,
  accessKeyId = '',
  secretAccessKey = '',
): NonNullable<StoresOptions['objects']> {
  return {
    ...{ bucket: s3Bucket, prefix: s3Prefix, region: s3Region, endpoint: s3Endpoint },
    ...{ accessKeyId, secretAccessKey },
  }
}

/** `YSH_REPLICA`, else host and user folder: two processes of one name would take each other's runs at every start. */
function replicaName(userDir: string): string {
  const given = process.env.YSH_REPLICA?.trim() ?? ''
  return given !== '' ? given : `${hostname()}-${createHash('sha256').update(userDir).digest('hex').slice(0, 8)}`
}

function passwordOf(password: string | undefined): { password?: string } {
  return password === undefined || password === '' ? {} : { password }
}

/** Opens the stores, and the engine over them. `nameOf` gives a flow's id a name that people know, for traces. */
export async function openEngine(
  { stores: options, keepDays, runsAtOnce, allow, owner }: EngineSettings,
  log: Logger,
  nameOf: (flow: string) => string = (flow) => flow,
): Promise<OpenEngine> {
  const traces = sharedExporter(product().split('/')[1] ?? '0', log)
  const stores = await openStores(options)
  const http = createHttpClient({
    product: product(),
    allow,
    hosts: {
      onChange(host, { state, waitMs, error }) {
        if (state === 'open') log.warn(`${host} is left alone for ${Math.round(waitMs / 1_000)} s`, { host, error })
        else log.info(`${host} answers again`, { host })
      },
    },
  })
  const closeAll = async () => {
    http.close()
    await stores.close()
  }
  try {
    const engine = await createEngine({ stores, http, log, owner, keepDays, runsAtOnce })
    if (traces !== undefined) traceEngine(engine, nameOf)
    return {
      engine,
      async close() {
        try {
          await engine.close()
        } finally {
          await Promise.all([closeAll(), traces?.flush()])
        }
      },
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}
