import { setImmediate as turn } from 'node:timers/promises'
import { PipelineError } from '../errors.ts'
import type { Logger } from '../steps/step.ts'
import type { Stores } from '../stores/stores.ts'
import { fenced } from './fence.ts'
import { hashOf } from './identity.ts'
import {
  keptInput,
  type Letter,
  type LetterError,
  type LetterKind,
  letterId,
  lettersFull,
  maxOpenLetters,
  maxWholeBytes,
  revived,
} from './letter.ts'
import { countLetters, type LetterFilter, listLetters, readLetter } from './letter-list.ts'
import { type DiscardAnswer, discardLetters, type RedriveAnswer, redriveLetters } from './letter-settle.ts'
import { room } from './letter-sql.ts'
import { runLetter } from './lifecycle.ts'
import type { RunRef } from './run.ts'

/** What the letters need of their engine. */
export interface DeadLettersHost {
  stores: Pick<Stores, 'postgres' | 'objects'>
  log: Logger
  /** Whether a message of this run may still go on. */
  isCurrent(run: RunRef): boolean
  /** There are runs to be taken up. */
  wake(): void
}

/** A message to be kept. */
export interface KeepRequest {
  /** Stable id of the node that keeps it. */
  node: string
  message: Readonly<Record<string, unknown>>
  /** The message's run, if it belongs to one. */
  run: RunRef | undefined
  error: LetterError
  /** How often it was tried before it came here. */
  attempts: number
  /** The letter that it was before, when it was redriven and came back. */
  before?: string | undefined
}

/** What became of a message. */
export interface KeptLetter {
  id: string
  kind: LetterKind
  /** False when the same failure was kept before. */
  fresh: boolean
}

/** How many open letters may be this much older than settled ones before they are given up. */
const openFactor = 10

/** The dead letters of an engine's stores: keeping, showing, redriving, discarding, pruning. */
export class DeadLetters {
  readonly #host: DeadLettersHost

  constructor(host: DeadLettersHost) {
    this.#host = host
  }

  /**
   * Keeps a message, once however often it comes. Inside a run it is the failure of its item, or of the whole run, and is redriven as such;
   * outside any it is kept whole (above 64 kB of JSON in the object store) and sent out again by the node that kept it; coming back from
   * there it is the same letter, open again. Throws FENCED, LETTERS_FULL (retryable), LETTER_TOO_LARGE above 16 MB.
   */
  async keep(request: KeepRequest): Promise<KeptLetter> {
    return request.run === undefined ? this.#keepMessage(request) : this.#keepOfRun(request, request.run)
  }

  async #keepOfRun({ message, error, attempts }: KeepRequest, run: RunRef): Promise<KeptLetter> {
    if (!this.#host.isCurrent(run))
      throw fenced(run.id, 'the message is older than its latest start, or the run has ended')
    const each = run.each?.at(-1)
    const kind = each === undefined ? 'run' : 'item'
    const id = each === undefined ? runLetter(run.id) : letterId(run.id, each, run.item)
    const { input, note, whole } = keptInput(message)
    const again = whole === undefined ? null : 'A redrive does not need it: the run makes it anew.'
    const { rows } = await this.#host.stores.postgres.query<{ held: number; known: boolean; written: number }>(
      `with fence as (
         select id, flow, slot, coalesce(redrive_of, id) as root from pipeline.run
         where id = $1::uuid and epoch = $2::int and state = 'running' for share
       ), letter as (
         insert into pipeline.dead_letter (id, kind, flow, run_id, root_run, slot, node, item, eaches, input, note, error, attempts)
         select $3::uuid, $4::text, f.flow, f.id, f.root, f.slot, coalesce($5::text, f.flow), $6::text, $7::text[], $8::jsonb, $9::text,
           $10::jsonb, $11::int
         from fence f where ${room('f.flow', '$12')}
         on conflict (id) do nothing returning 1
       )
       select (select count(*) from fence)::int as held, (select count(*) from letter)::int as written,
         exists (select from pipeline.dead_letter where id = $3::uuid) as known`,
      [
        run.id,
        run.epoch,
        id,
        kind,
        each ?? null,
        run.item,
        run.each ?? null,
        input,
        [note, again].filter((part) => part !== null).join(' ') || null,
        JSON.stringify(error),
        attempts,
        maxOpenLetters,
      ],
    )
    const [row] = rows
    if (row?.held !== 1) throw fenced(run.id, `epoch ${run.epoch} is over, or the run has ended`)
    if (row.written === 0 && !row.known) throw lettersFull(run.flow)
    return { id, kind, fresh: row.written === 1 }
  }

  async #keepMessage({ node, message, error, attempts, before }: KeepRequest): Promise<KeptLetter> {
    const { postgres, objects } = this.#host.stores
    const { input, note, whole } = keptInput(message)
    const id =
      (await this.#returning(node, before)) ?? letterId('', node, `${message._msgid} ${hashOf(whole ?? input)}`)
    const object = whole === undefined ? null : `dead-letters/${id}.json`
    if (whole !== undefined && object !== null) {
      const bytes = Buffer.from(whole)
      if (bytes.length > maxWholeBytes) {
        const text = `The message has ${bytes.length} bytes of JSON, at most ${maxWholeBytes} are kept: put the data into a store and send a reference`
        throw new PipelineError('LETTER_TOO_LARGE', text)
      }
      await objects.put(object, bytes, { contentType: 'application/json' })
    }
    const topic =
      typeof message.topic === 'string' ? message.topic.toWellFormed().replaceAll('\0', '').slice(0, 300) : ''
    const { rows } = await postgres.query<{ known: boolean; written: number }>(
      `with letter as (
         insert into pipeline.dead_letter as l (id, kind, flow, node, item, input, object, note, error, attempts)
         select $1::uuid, 'message', $2::text, $2::text, $3::text, $4::jsonb, $5::text, $6::text, $7::jsonb, $8::int
         where exists (select from pipeline.dead_letter where id = $1::uuid) or ${room('$2::text', '$9')}
         on conflict (id) do update set state = 'open', input = excluded.input, object = excluded.object, note = excluded.note,
           error = excluded.error, attempts = l.attempts + excluded.attempts, settled_at = null, settled_by = null, reason = null,
           redrive_run = null
         where l.state <> 'open'
         returning 1
       )
       select (select count(*) from letter)::int as written, exists (select from pipeline.dead_letter where id = $1::uuid) as known`,
      [
        id,
        node,
        topic,
        input,
        object,
        [note, object && `All of it is in the object store as ${object}.`].filter((part) => part !== null).join(' ') ||
          null,
        JSON.stringify(error),
        attempts,
        maxOpenLetters,
      ],
    )
    if (rows[0]?.written === 0 && !rows[0].known) throw lettersFull(node)
    return { id, kind: 'message', fresh: rows[0]?.written === 1 }
  }

  /** The letter that a redriven message says it was, if it is one of this node. */
  async #returning(node: string, before: string | undefined): Promise<string | undefined> {
    if (before === undefined) return undefined
    const { rows } = await this.#host.stores.postgres.query<{ id: string }>(
      `select id from pipeline.dead_letter where id::text = $1 and node = $2 and kind = 'message'`,
      [before, node],
    )
    return rows[0]?.id
  }

  /** See {@link listLetters}. */
  list(
    filter: LetterFilter = {},
    options: { withInput?: boolean } = {},
  ): Promise<{ letters: Letter[]; total: number }> {
    return listLetters(this.#host.stores.postgres, filter, options)
  }

  /** See {@link countLetters}. */
  count(filter: LetterFilter = {}): Promise<number> {
    return countLetters(this.#host.stores.postgres, filter)
  }

  /** See {@link readLetter}. */
  read(id: string): Promise<Letter | undefined> {
    return readLetter(this.#host.stores.postgres, id)
  }

  /** See {@link redriveLetters}; the runs start as soon as it is their turn. */
  async redrive(filter: LetterFilter, by: string): Promise<RedriveAnswer> {
    const answer = await redriveLetters(this.#host.stores.postgres, filter, { by })
    // Also when all were refused: their run may wait here, asked for by another process.
    this.#host.wake()
    return answer
  }

  /** See {@link discardLetters}. */
  discard(filter: LetterFilter, by: string, reason: string): Promise<DiscardAnswer> {
    return discardLetters(this.#host.stores.postgres, filter, { by, reason })
  }

  /**
   * The messages that a run of a node is to send out again, in the order in which they were kept, a few in memory at a time. Throws
   * OBJECT_NOT_FOUND for one whose large part is in the object store no more.
   */
  async *messagesOf(run: string): AsyncGenerator<{ id: string; attempts: number; message: Record<string, unknown> }> {
    const { postgres, objects } = this.#host.stores
    for (let after = ''; ; await turn()) {
      const { rows } = await postgres.query<{
        id: string
        attempts: number
        object: string | null
        input: string
        place: string
      }>(
        `select * from (
           select id, attempts, object, input::text as input,
             (to_char(created_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS') || id::text) collate "C" as place
           from pipeline.dead_letter where redrive_run = $1 and kind = 'message') as kept
         where place > $2 order by place limit 20`,
        [run, after],
      )
      for (const { id, attempts, object, input, place } of rows) {
        after = place
        yield { id, attempts, message: revived(object === null ? input : await textIn(objects, object)) }
      }
      if (rows.length === 0) return
    }
  }

  /**
   * Deletes at most 1,000 letters settled more than `keepDays` ago, and open ones ten times as old; those are counted in the log, for
   * nobody will ever redrive them.
   */
  async prune(keepDays: number): Promise<{ settled: number; open: number }> {
    const { postgres, objects } = this.#host.stores
    const { rows } = await postgres.query<{ id: string; state: string; object: string | null }>(
      `delete from pipeline.dead_letter where id in (
         select id from pipeline.dead_letter
         where settled_at < clock_timestamp() - $1::int * interval '1 day'
           or (state = 'open' and created_at < clock_timestamp() - $2::int * interval '1 day') limit 1000)
       returning id, state, object`,
      [keepDays, keepDays * openFactor],
    )
    for (const { object } of rows) if (object !== null) await objects.delete(object)
    const open = rows.filter((row) => row.state === 'open').length
    if (open > 0) {
      const days = keepDays * openFactor
      this.#host.log.error(`${open} dead letters were open for more than ${days} days and are deleted`, { open, days })
    }
    return { settled: rows.length - open, open }
  }
}

async function textIn(objects: Stores['objects'], key: string): Promise<string> {
  const { body } = await objects.get(key)
  const parts: Buffer[] = []
  for await (const part of body) parts.push(Buffer.from(part))
  return Buffer.concat(parts).toString()
}
