import { PipelineError } from '../errors.ts'
import { failPoint } from '../fail-point.ts'
import { meter } from '../metrics/meter.ts'
import { parser } from '../schema.ts'
import type { Logger } from '../steps/step.ts'
import type { Json } from '../stores/cache/port.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import { fenced } from './fence.ts'
import { hashOf } from './identity.ts'
import { failStep, readRetry, stepKey } from './journal.ts'
import { isOf, type LiveRun, type Wait } from './live.ts'
import { type RetryPolicy, RetryPolicySchema, retry } from './retry.ts'
import { decide, dueUnder, type GaveUp } from './retry-decision.ts'
import type { RunRef } from './run.ts'
import { sleepUntil, type Timer } from './time.ts'

/** Most messages of one run that wait at the same time. */
const maxWaits = 10_000
/** A short trouble with the store must not cost the note of a failed try. */
const noteRetry = parser(RetryPolicySchema, 'retry policy').parse({
  attempts: 4,
  baseMs: 250,
  capMs: 4_000,
  deadlineMs: 15_000,
})

/** Whose tries: the retry node, for a message of a run. */
export interface TriesOf {
  run: RunRef
  /** Stable id of the retry node. */
  node: string
  /** What is tried: another payload in the same run and item is another matter, with tries of its own. */
  payload: unknown
  policy: RetryPolicy
}

/** A try that failed. */
export interface FailedRequest extends TriesOf {
  error: PipelineError
  /** The try that failed, and when the first one began (epoch ms); unknown for a message that did not come from a retry node. */
  known: { attempt: number; firstAt: number } | undefined
  /** Small JSON kept with a failure for good, and handed out again when a replay meets it. */
  note?: Json
}

/**
 * How it goes on with a message: tried now, tried at a due time (`error` is that of the try before), or given up after `attempts`
 * tries. Times in epoch milliseconds.
 */
export type Course = { firstAt: number } & (
  | { act: 'try'; attempt: number }
  | { act: 'wait'; attempt: number; dueAt: number; error: PipelineError }
  | { act: 'give-up'; attempts: number; why: GaveUp | 'full'; error: PipelineError; note: Json }
)

/** What the retries need of their engine. */
export interface RetriesHost {
  store: Queryable
  clock: Timer
  log: Logger
  live: Map<string, LiveRun>
  lost(live: LiveRun): void
  /** Aborted when the engine closes. */
  closing: AbortSignal
}

/**
 * The tries of messages in runs. Attempts, due time, last error and when the first try began are a line of the journal, under the
 * retry node and the item; so a replay in this process or another finds them, and waits for what is left of the wait.
 */
export class Retries {
  readonly #host: RetriesHost

  constructor(host: RetriesHost) {
    this.#host = host
  }

  /**
   * How it goes on with a message that is on its way to be tried: its first try, or what a replay finds of earlier ones. Throws
   * FENCED.
   */
  async enter({ run, node, payload, policy }: TriesOf): Promise<Course> {
    const live = this.#liveOf(run)
    const now = this.#host.clock.now().getTime()
    live.movedAt = this.#host.clock.monotonic()
    const line = await this.#line(live, run, node, hashOfPayload(payload))
    if (line === undefined) return { act: 'try', attempt: 1, firstAt: now }
    const { attempts, firstAt, error, nextAt } = line
    if (nextAt === undefined) {
      const { why, note } = readNote(line.note)
      live.failures.set(run.item, { node, error })
      return { act: 'give-up', attempts, why, error, note, firstAt }
    }
    const dueAt = dueUnder(policy, nextAt, now)
    const attempt = attempts + 1
    return dueAt > now ? { act: 'wait', attempt, dueAt, error, firstAt } : { act: 'try', attempt, firstAt }
  }

  /** Notes a failed try and decides about the next. Trouble with the journal is logged: the wait counts. Throws FENCED. */
  async failed(request: FailedRequest): Promise<Course> {
    const { run, node, payload, policy, error, known } = request
    const { clock } = this.#host
    const live = this.#liveOf(run)
    live.movedAt = clock.monotonic()
    // Whose error it is: what is given up here failed there.
    const source = live.failures.get(run.item)?.node ?? node
    live.failures.delete(run.item)
    const inputHash = hashOfPayload(payload)
    const now = clock.now().getTime()
    // One that did not come from here may have failed before all the same: ask the journal.
    const line = known === undefined ? await this.#line(live, run, node, inputHash) : undefined
    if (line?.nextAt !== undefined && line.nextAt > now) {
      // A replay ran the part anew before its time: that try does not count, and the wait is the one that was.
      const dueAt = dueUnder(policy, line.nextAt, now)
      return { act: 'wait', attempt: line.attempts + 1, dueAt, error, firstAt: line.firstAt }
    }
    const attempt = known?.attempt ?? (line?.attempts ?? 0) + 1
    const firstAt = known?.firstAt ?? line?.firstAt ?? now
    const decision = decide(policy, { attempt, firstAt, now, error })
    const full = decision.act === 'try' && live.waits.size >= maxWaits
    if (decision.act === 'try' && !full) {
      await this.#note(live, request, { inputHash, attempt, firstAt, dueAt: decision.dueAt })
      meter.add('pipeline.retries.count', { level: 'node' })
      return { act: 'wait', attempt: decision.attempt, dueAt: decision.dueAt, error, firstAt }
    }
    const why = decision.act === 'give-up' ? decision.why : 'full'
    await this.#note(live, request, { inputHash, attempt, firstAt, why })
    // Should nobody take it from here, the run fails with this error.
    live.failures.set(run.item, { node: source, error })
    return { act: 'give-up', attempts: attempt, why, error, note: request.note ?? null, firstAt }
  }

  /**
   * Waits for a message's due time, then calls `due`; never when the run was sent anew meanwhile, has ended or left this process.
   * `ended` is called in any case, once, before `due`. Returns how to call it off.
   */
  wait(
    run: RunRef,
    { node, id, dueAt }: { node: string; id: string; dueAt: number },
    { due, ended }: { due(): void; ended(): void },
  ): () => void {
    const live = this.#liveOf(run)
    const { clock, log } = this.#host
    const key = `${node}\n${id}`
    const stop = new AbortController()
    const wait: Wait = { item: run.item, dueAt, stop }
    live.waits.get(key)?.stop.abort()
    live.waits.set(key, wait)
    failPoint('retry-wait')
    live.movedAt = clock.monotonic()
    const end = (): boolean => {
      const mine = live.waits.get(key) === wait
      if (mine) live.waits.delete(key)
      ended()
      return mine
    }
    sleepUntil(clock, dueAt, AbortSignal.any([stop.signal, this.#host.closing])).then(
      () => {
        live.movedAt = clock.monotonic()
        if (end() && isOf(this.#host.live.get(run.id), run)) due()
        else log.debug('A message of a run that was sent anew waits no longer', { run: run.id, node })
      },
      () => end(), // called off
    )
    return () => stop.abort()
  }

  /** The journal's line about these tries. One with another payload is none. */
  async #line(live: LiveRun, run: RunRef, node: string, inputHash: string) {
    // Memory knows which lines there are: a first pass asks nothing of the store.
    const known = live.steps.get(stepKey(node, run.item))
    if (known === undefined || known.inputHash !== inputHash) return undefined
    const line = await readRetry(this.#host.store, { run: live.id, node, item: run.item, inputHash })
    if (!isOf(this.#host.live.get(run.id), run)) throw fenced(run.id, 'it was sent anew meanwhile')
    return line
  }

  async #note(
    live: LiveRun,
    { run, node, error, note }: FailedRequest,
    what: { inputHash: string; attempt: number; firstAt: number; dueAt?: number; why?: GaveUp | 'full' },
  ): Promise<void> {
    const { inputHash, attempt, firstAt, dueAt, why } = what
    const { store, clock, log, closing } = this.#host
    const ref = {
      run: live.id,
      epoch: live.epoch,
      node,
      item: run.item,
      step: 'retry-backoff@1',
      inputHash,
      attempt,
      startedAt: new Date(firstAt).toISOString(),
    }
    const failure = {
      error,
      ...(dueAt === undefined ? { note: { why: why ?? 'refused', note: note ?? null } } : { nextAt: new Date(dueAt) }),
    }
    try {
      await retry(noteRetry, () => failStep(store, ref, failure), { signal: closing, clock })
      live.steps.set(stepKey(node, run.item), {
        inputHash,
        state: dueAt === undefined ? 'failed' : 'retry',
        attempts: attempt,
        nextAt: dueAt,
      })
      live.lines += 1
    } catch (thrown) {
      const trouble = PipelineError.from(thrown)
      if (trouble.code === 'FENCED') this.#host.lost(live)
      if (trouble.code === 'FENCED' || trouble.code === 'STOPPED') throw trouble
      log.error('A failed try could not be noted in the journal: after a restart it is not known', {
        run: live.id,
        node,
        error: trouble,
      })
    }
    if (!isOf(this.#host.live.get(run.id), run)) throw fenced(run.id, 'it was sent anew meanwhile')
  }

  #liveOf(run: RunRef): LiveRun {
    const live = this.#host.live.get(run.id)
    if (!isOf(live, run)) throw fenced(run.id, 'the message is older than its latest start, or the run has ended')
    return live
  }
}

const reasons: readonly (GaveUp | 'full')[] = ['refused', 'attempts', 'deadline', 'retry-after', 'full']

function readNote(note: Json): { why: GaveUp | 'full'; note: Json } {
  if (typeof note !== 'object' || note === null || Array.isArray(note)) return { why: 'refused', note: null }
  return { why: reasons.find((reason) => reason === note.why) ?? 'refused', note: note.note ?? null }
}

/** A payload's identity. What JSON cannot say is all the same: then run and item alone tell the tries apart. */
export function hashOfPayload(payload: unknown): string {
  try {
    return hashOf(payload)
  } catch {
    return 'no JSON'
  }
}
