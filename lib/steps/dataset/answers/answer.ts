import { createHash } from 'node:crypto'
import { PipelineError } from '../../../errors.ts'
import { SharedWork } from '../../../models/shared-work.ts'
import { type Infer, parser, type Schema, Type } from '../../../schema.ts'
import type { Cache, Json } from '../../../stores/cache/port.ts'
import { tolerant } from '../../../stores/cache/tolerant.ts'
import type { PostgresStore } from '../../../stores/postgres/port.ts'
import { apiPrefix } from '../../api-cache/keys.ts'
import type { Clock, Logger } from '../../step.ts'
import { prepareDatasets } from '../read/reader.ts'
import type { Ask, ObjectSchema, Question } from './question.ts'

/** Where answers come from and are kept. */
export interface AnswerSources {
  stores: { postgres: PostgresStore; cache: Cache }
  clock: Clock
  log: Logger
  signal: AbortSignal
}

/** An answer and what it was made of. */
export interface Answered<A> {
  answer: A
  /** Whether the cache had it. */
  kept: boolean
}

const KeptSchema = Type.Object({ versions: Type.String(), answer: Type.Unsafe<Json>(Type.Unknown()) })
const keptEntries = parser(KeptSchema, 'A kept answer')
/** Answers are dropped by a publication, and useless after one; this bounds those that nobody asks for again. */
const keepMs = 24 * 3_600_000

/** The same question asked by many at once is answered once. */
const underWay = new SharedWork<Json>()

/**
 * The answer to a question, as of the versions that are served now. It is kept in the cache below the first dataset's prefix, with the
 * versions it was made of, so that an old one is never given. Throws NO_COPY for a dataset that is not held; what the question throws.
 */
export async function answerTo<P extends Schema, A extends ObjectSchema>(
  question: Question<P, A>,
  given: Infer<P>,
  sources: AnswerSources,
): Promise<Answered<Infer<A>>> {
  const params = question.settle?.(given, today(sources.clock)) ?? given
  const { stores, signal, log } = sources
  const [dataset] = question.datasets
  await prepareDatasets(stores.postgres)
  const versions = await versionsOf(stores.postgres, question.datasets)
  const hash = createHash('sha256')
    .update(JSON.stringify(sorted(params)))
    .digest('base64url')
  const key = `${apiPrefix(dataset)}${question.name}:${hash}`
  const found = await lookUp(stores.cache, key, log)
  const answers = parser(question.answer, `The answer to ${question.name}`, 'ANSWER_INVALID')
  if (found?.versions === versions) return { answer: answers.parse(found.answer), kept: true }
  const json = await underWay.join(`${key} ${versions}`, signal, async () => {
    const ask: Ask = (text, values, options) => stores.postgres.query(text, values, options)
    const made: Json = JSON.parse(JSON.stringify(await question.read(ask, params)))
    // A publication in the middle: what was read may be of both. It is given, for each statement saw a whole version, but not kept.
    if ((await versionsOf(stores.postgres, question.datasets)) === versions)
      await keep(stores.cache, key, { versions, answer: made }, log)
    return made
  })
  return { answer: answers.parse(json), kept: false }
}

/** Asks a question beforehand, with all that is declared for it; answers how many. Datasets that are not held are passed over. */
export async function warm(question: Question, sources: AnswerSources): Promise<number> {
  let count = 0
  for (const params of question.warm) {
    sources.signal.throwIfAborted()
    try {
      await answerTo(question, params, sources)
      count += 1
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      if (error.code !== 'NO_COPY') throw error
    }
  }
  return count
}

/** What has been published of the datasets, as a text that is the same only while that is. */
async function versionsOf(postgres: PostgresStore, datasets: readonly string[]): Promise<string> {
  const { rows } = await postgres.query<{ dataset: string; publications: string }>(
    'select dataset, publications from pipeline.dataset where dataset = any($1::text[]) and publications > 0 order by 1',
    [datasets],
  )
  const missing = datasets.filter((dataset) => !rows.some((row) => row.dataset === dataset))
  if (missing.length > 0) {
    throw new PipelineError('NO_COPY', `No version of ${missing.join(', ')} is held here: fetch it first`)
  }
  return rows.map(({ dataset, publications }) => `${dataset}@${publications}`).join(' ')
}

async function lookUp(cache: Cache, key: string, log: Logger): Promise<Infer<typeof KeptSchema> | undefined> {
  try {
    const value = (await tolerant(cache, log, (asked) => asked.get(key)))?.value
    return value !== undefined && keptEntries.problems(value).length === 0 ? keptEntries.parse(value) : undefined
  } catch (thrown) {
    log.warn('The cache could not be asked; the answer is made anew', { error: PipelineError.from(thrown) })
    return undefined
  }
}

async function keep(cache: Cache, key: string, value: Json, log: Logger): Promise<void> {
  try {
    await tolerant(cache, log, (asked) => asked.set(key, value, { ttlMs: keepMs }))
  } catch (thrown) {
    const error = PipelineError.from(thrown)
    // a large answer is made anew each time
    if (error.code !== 'CACHE_TOO_LARGE') log.warn('An answer could not be kept', { error })
  }
}

/** The civil day in Brasília. */
export function today(clock: Clock): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Sao_Paulo' }).format(clock.now())
}

/** With its properties in order, so that equal parameters have one key. */
function sorted(params: unknown): unknown {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return params
  return Object.fromEntries(Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1)))
}
