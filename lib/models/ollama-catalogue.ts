import { PipelineError } from '../errors.ts'
import { taggedName } from './model-name.ts'
import { answers } from './ollama-answers.ts'
import { missing } from './ollama-errors.ts'
import { asking, type Session } from './ollama-session.ts'
import type { ModelInfo, PullProgress } from './port.ts'
import { SharedWork } from './shared-work.ts'

/** How long is believed what a server said of a model, in milliseconds. */
const keepMs = 60_000
/** Models that are remembered of one server. */
const mostKept = 64
/** Looking something up needs no thinking: longer than this it does not take, in milliseconds. */
const lookMs = 30_000
/** Gigabytes over a slow line, in milliseconds; a silence ends it sooner. */
const pullMs = 24 * 3_600_000

/** Wishes of one look-up. */
export interface LookOptions {
  signal: AbortSignal
  onPull?(progress: PullProgress): void
}

/** What a server has of models, for all who use that server. */
export class OllamaCatalogue {
  readonly #now: () => number
  readonly #known = new Map<string, { info: ModelInfo; until: number }>()
  readonly #looks = new SharedWork<ModelInfo>()
  readonly #pulls = new SharedWork<void, PullProgress>()

  /** `now` is a clock that only goes forward, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** See {@link LanguageModel.describe}. */
  async describe(session: Session, model: string, options: LookOptions): Promise<ModelInfo> {
    const name = taggedName(model)
    const key = JSON.stringify([session.config.token, name])
    const found = this.#known.get(key)
    if (found !== undefined && found.until > this.#now()) return found.info
    try {
      return await this.#look(session, key, name, options.signal)
    } catch (error) {
      if (!(error instanceof PipelineError) || error.code !== 'MODEL_MISSING' || !session.config.pull) throw error
      await this.#pulls.join(key, options.signal, (signal, tell) => pull(session, name, signal, tell), options.onPull)
      // not together with one that looked before it was there
      return await this.#look(session, key, name, options.signal, `${key} pulled`)
    }
  }

  /** What was known of a model no longer holds: the server says that it does not have it. */
  forget({ config }: Session, model: string): void {
    this.#known.delete(JSON.stringify([config.token, taggedName(model)]))
  }

  #look(session: Session, key: string, name: string, signal: AbortSignal, work = key): Promise<ModelInfo> {
    return this.#looks.join(work, signal, async (shared) => {
      const info = await look(session, name, shared)
      this.#known.delete(key)
      this.#known.set(key, { info, until: this.#now() + keepMs })
      // a map keeps the order of insertion
      const [oldest] = this.#known.keys()
      if (this.#known.size > mostKept && oldest !== undefined) this.#known.delete(oldest)
      return info
    })
  }
}

/** The models that a server has. */
export async function listModels(session: Session, signal: AbortSignal) {
  return asking(session, { signal, patience: quick(session) }, async (client) => {
    const list: unknown = await client.list()
    return answers.tags.parse(list).models
  })
}

/** The version that a server says it is. */
export async function serverVersion(session: Session, signal: AbortSignal): Promise<string> {
  return asking(session, { signal, patience: quick(session) }, async (client) => {
    const answer: unknown = await client.version()
    return answers.version.parse(answer).version
  })
}

async function look(session: Session, name: string, signal: AbortSignal): Promise<ModelInfo> {
  const models = await listModels(session, signal)
  const entry = models.find((one) => taggedName(one.name).toLowerCase() === name.toLowerCase())
  if (entry === undefined) throw missing({ place: session.place, model: name })
  const { capabilities = [], model_info: facts = {} } = await asking(
    session,
    { model: name, signal, patience: quick(session) },
    async (client) => {
      const answer: unknown = await client.show({ model: name })
      return answers.show.parse(answer)
    },
  )
  // the facts carry the name of the architecture: bert.context_length
  const figure = (what: string): number | undefined => {
    const value = facts[`${String(facts['general.architecture'])}.${what}`]
    return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined
  }
  const contextTokens = figure('context_length')
  const dimensions = figure('embedding_length')
  return {
    name: taggedName(entry.name),
    digest: entry.digest.replace(/^sha256:/, ''),
    capabilities,
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(dimensions === undefined ? {} : { dimensions }),
  }
}

async function pull(
  session: Session,
  name: string,
  signal: AbortSignal,
  tell: (progress: PullProgress) => void,
): Promise<void> {
  const patience = { ...session.config, totalTimeoutMs: pullMs }
  try {
    await asking(session, { model: name, signal, patience }, async (client) => {
      for await (const part of await client.pull({ model: name, stream: true })) {
        const line: unknown = part
        const { status, total, completed = 0 } = answers.pull.parse(line)
        tell({ status, done: completed, ...(total === undefined ? {} : { total }) })
      }
    })
  } catch (error) {
    // the registry that models come from has none of that name
    if (error instanceof PipelineError && /file does not exist|manifest unknown|not found/i.test(error.message)) {
      throw new PipelineError('MODEL_MISSING', `${session.place} finds no model ${name} to fetch: ${error.message}`)
    }
    throw error
  }
}

function quick({ config }: Session) {
  return {
    connectTimeoutMs: config.connectTimeoutMs,
    idleTimeoutMs: Math.min(config.idleTimeoutMs, lookMs),
    totalTimeoutMs: Math.min(config.totalTimeoutMs, lookMs),
  }
}
