import { readFile } from 'node:fs/promises'
import { parser, Type } from '../../../schema.ts'
import { putArtifact } from '../../../stores/objects/artifacts.ts'
import type { Stores } from '../../../stores/stores.ts'
import type { Clock } from '../../step.ts'

/** An answer that held, as the model wrote it, or why none did. */
export type KeptAnswer = { answer: string } | { rejected: string[] }

/** Answers are kept until there are more; then the ones that were not used for longest go. */
const mostAnswers = 50_000
const mostBytes = 512 * 1_048_576
/** Longer ones are artifacts. */
const longestInline = 65_536
/** Between two looks at how many there are. */
const tidyMs = 600_000
/** When an answer was used last is noted this exactly. */
const usedMs = 3_600_000

const rejections = parser(Type.Array(Type.String()), 'a kept rejection')

/** Answers of models from before, in the database. */
export class Answers {
  readonly #stores: Stores
  readonly #clock: Clock
  readonly #signal: AbortSignal

  constructor(stores: Stores, clock: Clock, signal: AbortSignal) {
    this.#stores = stores
    this.#clock = clock
    this.#signal = signal
  }

  /** The answer from before; undefined when there is none, or its artifact is gone. */
  async read(key: string): Promise<KeptAnswer | undefined> {
    const { postgres, objects } = this.#stores
    const { rows } = await postgres.query<{
      answer: string | null
      artifact: string | null
      rejected: unknown
      used_at: Date
    }>('select answer, artifact, rejected, used_at from pipeline.enrichment where key = $1', [key])
    const [row] = rows
    if (row === undefined) return undefined
    const now = this.#clock.now()
    if (now.getTime() - row.used_at.getTime() > usedMs) {
      await postgres.query('update pipeline.enrichment set used_at = $2 where key = $1', [key, now.toISOString()])
    }
    if (row.answer !== null) return { answer: row.answer }
    if (row.artifact === null) return { rejected: rejections.parse(row.rejected) }
    if ((await objects.head(row.artifact)) === undefined) return undefined
    return {
      answer: await objects.withFile(row.artifact, (file) => readFile(file, 'utf8'), { signal: this.#signal }),
    }
  }

  /** Keeps an answer. */
  async write(key: string, kept: KeptAnswer, { model, digest }: { model: string; digest: string }): Promise<void> {
    const { postgres, objects } = this.#stores
    const text = 'answer' in kept ? kept.answer : undefined
    const bytes = Buffer.byteLength(text ?? '')
    // PostgreSQL keeps no NUL in a text
    const large = text !== undefined && (bytes > longestInline || text.includes('\0'))
    const artifact = large
      ? await putArtifact(objects, Buffer.from(text), { contentType: 'application/json', signal: this.#signal })
      : undefined
    const now = this.#clock.now()
    await postgres.query(
      `insert into pipeline.enrichment (key, model, digest, answer, artifact, rejected, bytes, used_at)
       values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8)
       on conflict (key) do update set answer = excluded.answer, artifact = excluded.artifact,
         rejected = excluded.rejected, bytes = excluded.bytes, used_at = excluded.used_at`,
      [
        key,
        model,
        digest,
        large ? null : (text ?? null),
        artifact?.key ?? null,
        'rejected' in kept ? JSON.stringify(kept.rejected.map((words) => words.replaceAll('\0', ''))) : null,
        large ? 0 : bytes,
        now.toISOString(),
      ],
    )
    await tidy(this.#stores, now.getTime())
  }
}

const tidied = new WeakMap<object, number>()

/** Keeps the table bounded, in number and in bytes. */
async function tidy({ postgres }: Stores, now: number): Promise<void> {
  const last = tidied.get(postgres)
  if (last !== undefined && now - last < tidyMs) return
  tidied.set(postgres, now)
  await postgres.query(
    `delete from pipeline.enrichment where key in (
       select key from (
         select key, row_number() over latest as place, sum(bytes) over latest as total
         from pipeline.enrichment window latest as (order by used_at desc, key)
       ) as kept where place > $1 or total > $2)`,
    [mostAnswers, mostBytes],
  )
}
