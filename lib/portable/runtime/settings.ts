import { resolve } from 'node:path'
import { coerce, type ObjectSchema } from '../../coerce.ts'
import { PipelineError } from '../../errors.ts'
import { isRecord, textOf, textsOf } from '../../flow-check/node.ts'
import type { S3ObjectsOptions } from '../../stores/objects/s3.ts'
import type { StoresOptions } from '../../stores/open.ts'
import type { Pipeline, Plan } from '../plan/schema.ts'

/** The process's environment. */
export type Env = Readonly<Record<string, string | undefined>>

/** The secrets that config nodes and steps keep as credentials in Node-RED. */
const secretNames = [
  ...['token', 'user', 'password', 'accessKeyId', 'secretAccessKey'],
  ...['postgresPassword', 'redisPassword', 'qdrantApiKey', 's3AccessKeyId', 's3SecretAccessKey'],
]

/** The variable that holds a secret of a node: `YSH_SECRET_`, the id and the name, in capitals: YSH_SECRET_YSH_OLLAMA_DEFAULT_TOKEN. */
export function secretVariable(id: string, name: string): string {
  const snake = (text: string) =>
    text
      .replace(/([a-z])([A-Z])/g, '$1_$2')
      .replace(/\W/g, '_')
      .toUpperCase()
  return `YSH_SECRET_${snake(id)}_${snake(name)}`
}

/** Fills settings of a plan in from the environment. */
export class PlanSettings {
  readonly #plan: Plan
  readonly #env: Env
  readonly #defaults: ReadonlyMap<string, string>

  constructor(plan: Plan, env: Env) {
    this.#plan = plan
    this.#env = env
    this.#defaults = new Map(plan.environment.map(({ name, default: value }) => [name, value ?? '']))
  }

  /** `${NAME}` becomes the process's variable, else the flow's default, else a blank text. */
  filled(value: unknown): unknown {
    if (typeof value === 'string') {
      const name = /^\$\{([^}]+)\}$/.exec(value)?.[1]
      return name === undefined ? value : (this.#env[name] ?? this.#defaults.get(name) ?? '')
    }
    if (Array.isArray(value)) return value.map((part) => this.filled(part))
    if (!isRecord(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, this.filled(part)]))
  }

  /** What a step's schema is to check: the node's settings, config nodes in their places, secrets from the environment. */
  given(node: { path: string; config: Record<string, unknown> }, schema: ObjectSchema): Record<string, unknown> {
    const given = this.#own(node.path, node.config, schema)
    for (const [name, property] of Object.entries(schema.properties)) {
      if (!isObjectSchema(property)) continue
      const id = textOf(node.config[name])
      delete given[name]
      const resource = this.#plan.resources.find((one) => one.id === id)
      if (resource !== undefined) given[name] = this.#own(id, resource.config, property)
    }
    return given
  }

  /** Where the lists of distributed maps lie: as YSH_RESULTS says, else with the objects; undefined without a bucket. Throws CONFIG. */
  lists(pipeline: Pipeline): S3ObjectsOptions | undefined {
    const { folder: _, ...objects } = this.stores(pipeline).stores.objects ?? {}
    const { bucket = '', prefix } = { ...objects, ...bucketIn(this.#env, 'YSH_RESULTS') }
    return bucket === '' ? undefined : { ...objects, bucket, ...(prefix ? { prefix } : {}) }
  }

  #own(id: string, config: Record<string, unknown>, schema: ObjectSchema): Record<string, unknown> {
    const filled = this.filled(config)
    const given = coerce(schema, isRecord(filled) ? filled : {})
    for (const name of secretNames.filter((one) => one in schema.properties)) {
      const secret = this.#env[secretVariable(id, name)]
      if (secret !== undefined) given[name] = secret
    }
    return given
  }

  /**
   * Where the data of a pipeline are: as its `ysh-stores` says, unless YSH_POSTGRES, YSH_FOLDER or YSH_OBJECTS says otherwise. Throws CONFIG for a
   * pipeline with several: a run's journal is in one place.
   */
  stores(pipeline: Pipeline): { stores: StoresOptions; allow: string[] } {
    const used = pipeline.regions.flatMap(({ nodes }) =>
      nodes.flatMap((node) => ('config' in node ? textOf(node.config.stores) : [])),
    )
    const [id, other] = new Set(used.filter((one) => one !== ''))
    if (other !== undefined) {
      throw new PipelineError(
        'CONFIG',
        `The pipeline ${pipeline.id} uses the stores ${id} and ${other}: it must use one`,
      )
    }
    const config = this.filled(this.#plan.resources.find((one) => one.id === id)?.config ?? {})
    const at = (name: string) => (isRecord(config) ? String(config[name] ?? '').trim() : '')
    const secret = (name: string) => this.#env[secretVariable(id ?? '', name)]
    const password = (name: string) => {
      const value = secret(name)
      return value === undefined || value === '' ? {} : { password: value }
    }
    const folder = this.#env.YSH_FOLDER || resolve(this.#env.NODE_RED_USER_DIR || '.', at('folder') || 'ysh-data')
    const postgres = this.#env.YSH_POSTGRES || at('postgresUrl')
    const apiKey = secret('qdrantApiKey')
    const objects = bucketIn(this.#env, 'YSH_OBJECTS') ?? { bucket: at('s3Bucket'), prefix: at('s3Prefix') }
    const allow = isRecord(config) ? config.allowAddresses : undefined
    return {
      stores: {
        folder: resolve(folder),
        ...(postgres === '' ? {} : { postgres: { url: postgres, ...password('postgresPassword') } }),
        ...(at('redisUrl') === '' ? {} : { cache: { url: at('redisUrl'), ...password('redisPassword') } }),
        ...(at('qdrantUrl') === '' ? {} : { vectors: { url: at('qdrantUrl'), ...(apiKey ? { apiKey } : {}) } }),
        ...(objects.bucket === ''
          ? {}
          : {
              objects: {
                ...objects,
                ...{ region: at('s3Region'), endpoint: at('s3Endpoint') },
                ...{ accessKeyId: secret('s3AccessKeyId') ?? '', secretAccessKey: secret('s3SecretAccessKey') ?? '' },
              },
            }),
      },
      allow:
        typeof allow === 'string'
          ? allow
              .split(',')
              .map((one) => one.trim())
              .filter((one) => one !== '')
          : textsOf(allow),
    }
  }
}

/** A bucket that a variable names, `name` or `s3://name/prefix`; undefined where it is blank. Throws CONFIG. */
export function bucketIn(env: Env, name: string): { bucket: string; prefix: string } | undefined {
  const text = (env[name] ?? '').trim()
  if (text === '') return undefined
  const [, bucket, prefix = ''] = /^(?:s3:\/\/)?([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(text) ?? []
  if (bucket === undefined)
    throw new PipelineError('CONFIG', `${name} is no bucket: name it, as in s3://my-bucket/prefix`)
  return { bucket, prefix }
}

function isObjectSchema(schema: object): schema is ObjectSchema {
  return 'type' in schema && schema.type === 'object' && 'properties' in schema
}
