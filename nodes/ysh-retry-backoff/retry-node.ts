import { randomUUID } from 'node:crypto'
import { PipelineError } from '../../lib/errors.ts'
import type { RunEngine } from '../../lib/runs/engine.ts'
import { type Course, hashOfPayload } from '../../lib/runs/retries.ts'
import type { RetryPolicy } from '../../lib/runs/retry.ts'
import { decide, type GaveUp } from '../../lib/runs/retry-decision.ts'
import type { RunRef } from '../../lib/runs/run.ts'
import type { Json } from '../../lib/stores/cache/port.ts'
import type { NodeHandle, Reply } from '../kit/behaviour.ts'
import type { ConfigOf } from '../kit/declaration.ts'
import type { Message, Red } from '../kit/red.ts'
import { runOf } from '../kit/run-ref.ts'
import type { StatusLine } from '../kit/status.ts'
import { StoresService } from '../kit/stores-service.ts'
import type { declaration } from './declaration.ts'
import { asCaught, classified, type Failure, failureOf } from './failure.ts'
import { Outside } from './outside.ts'
import { inputOf, isGivenUp, messageOf, type RetryState, stateOf } from './state.ts'
import { WaitingList } from './waiting.ts'

/** How many tries the node remembers as failed, to tell a failure that is reported twice. */
const maxCounted = 10_000

/** The state of a message's tries, as far as its input says. */
interface Tries {
  id: string
  input: Message
  run: RunRef | undefined
  /** From the state that the message carries; undefined when it does not come from this node. */
  known: { attempt: number; firstAt: number } | undefined
}

/** Why a message was given up: by the policy, because too many wait, or because the expression failed. */
type Why = GaveUp | 'full' | 'expression'

/** What a retry node does with its messages. */
export class RetryNode {
  readonly #red: Red
  readonly #handle: NodeHandle<ConfigOf<typeof declaration>>
  readonly #policy: RetryPolicy
  readonly #stores: StoresService
  readonly #evaluate: ((message: Message) => Promise<unknown>) | undefined
  readonly #waiting = new WaitingList()
  readonly #outside: Outside
  /** The last try of a message that failed, by the id of its tries. */
  readonly #counted = new Map<string, number>()
  /** Messages of runs that came without a state and wait now. */
  readonly #strangers = new Set<string>()

  constructor(red: Red, handle: NodeHandle<ConfigOf<typeof declaration>>, policy: RetryPolicy) {
    const { config } = handle
    this.#red = red
    this.#handle = handle
    this.#policy = policy
    this.#stores = handle.use('stores', StoresService)
    this.#evaluate = config.retryOn === 'expression' ? handle.expression(config.expression) : undefined
    this.#outside = new Outside({
      handle,
      stores: this.#stores,
      policy,
      waiting: this.#waiting,
      limit: Math.min(config.maxWaiting, red.settings.nodeMessageBufferMaxLength || config.maxWaiting),
      show: (sent) => this.#show(sent),
    })
  }

  async input(message: Message, signal: AbortSignal): Promise<Reply> {
    const run = runOf(message)
    if (run === undefined) return this.#attend(message, undefined, undefined)
    const engine = await this.#stores.engine(signal)
    try {
      return await this.#attend(message, run, engine)
    } catch (error) {
      engine.noteFailure(run, this.#handle.path, error)
      throw error
    }
  }

  async close(removed: boolean): Promise<void> {
    this.#waiting.stop()
    await this.#outside.close(removed)
  }

  async #attend(message: Message, run: RunRef | undefined, engine: RunEngine | undefined): Promise<Reply> {
    const { error } = message
    const state = stateOf(message, this.#handle.path)
    const own = state !== undefined && sameRun(runOf(state.input), run) ? state : undefined
    // One that another retry node gave up on begins anew here: the way to a backup.
    const fresh = error === undefined || error === null || (own === undefined && isGivenUp(message))
    if (!fresh) return this.#failed(message, run, engine, own)
    const tries: Tries = { id: randomUUID(), input: inputOf(this.#red.util, message, state), run, known: undefined }
    if (engine === undefined || run === undefined) return this.#try(tries, message, 1, Date.now(), undefined)
    const course = await engine.retries.enter({ ...this.#of(run), payload: tries.input.payload })
    return this.#follow(course, tries, message, engine, run, undefined)
  }

  async #failed(
    message: Message,
    run: RunRef | undefined,
    engine: RunEngine | undefined,
    own: RetryState | undefined,
  ): Promise<Reply> {
    const failure = failureOf(message)
    if (own?.gaveUp !== undefined) {
      throw new PipelineError(
        'RETRY_GAVE_UP',
        `A message that was given up (${own.gaveUp.why}) came back with an error: ${failure.error.message}`,
        { cause: failure.error },
      )
    }
    const tries: Tries =
      own === undefined
        ? { id: randomUUID(), input: inputOf(this.#red.util, message, undefined), run, known: undefined }
        : {
            id: own.id,
            input: own.input,
            run,
            known: { attempt: own.attempt, firstAt: Date.parse(own.startedAt) },
          }
    if (this.#isDouble(tries)) {
      this.#handle.log.debug('A failure of a try that has failed already was left out')
      return this.#reply()
    }
    const { error, problem } = await this.#classified(message, failure)
    if (engine === undefined || run === undefined) return this.#failedOutside(tries, message, failure, error, problem)
    const stranger = tries.known === undefined ? strangerKey(run, tries.input.payload) : undefined
    // Both are looked at and noted without an await in between: of two reports only one counts.
    if (stranger !== undefined && this.#strangers.has(stranger)) return this.#reply()
    if (stranger !== undefined) this.#strangers.add(stranger)
    const forget = () => {
      if (stranger !== undefined) this.#strangers.delete(stranger)
    }
    try {
      const { input, known } = tries
      const note = { source: failure.source, ...(problem === undefined ? {} : { problem }) }
      const course = await engine.retries.failed({ ...this.#of(run), payload: input.payload, error, known, note })
      const reply = this.#follow(course, tries, message, engine, run, problem, forget)
      if (course.act !== 'wait') forget()
      return reply
    } catch (thrown) {
      forget()
      throw thrown
    }
  }

  async #failedOutside(
    tries: Tries,
    message: Message,
    { source }: Failure,
    error: PipelineError,
    problem: string | undefined,
  ): Promise<Reply> {
    const now = Date.now()
    const { attempt, firstAt } = tries.known ?? { attempt: 1, firstAt: now }
    const decision = decide(this.#policy, { attempt, firstAt, now, error })
    if (decision.act === 'give-up')
      return this.#giveUp(tries, message, attempt, firstAt, decision.why, error, source, problem)
    const { id } = tries
    const out = messageOf(this.#red.util, this.#state(tries, decision.attempt, firstAt, error), message)
    const kept = await this.#outside.wait({ id, message: out, attempt: decision.attempt, dueAt: decision.dueAt })
    return kept ? this.#reply() : this.#giveUp(tries, message, attempt, firstAt, 'full', error, source, problem)
  }

  /** What the engine says of a message of a run. */
  #follow(
    course: Course,
    tries: Tries,
    message: Message,
    engine: RunEngine,
    run: RunRef,
    problem: string | undefined,
    ended: () => void = () => {},
  ): Reply {
    const { firstAt } = course
    if (course.act === 'try') return this.#try(tries, message, course.attempt, firstAt, undefined)
    if (course.act === 'give-up') {
      const { source, problem: before } = readNote(course.note)
      return this.#giveUp(tries, message, course.attempts, firstAt, course.why, course.error, source, problem ?? before)
    }
    const { id } = tries
    const { attempt, dueAt, error } = course
    const stop = engine.retries.wait(
      run,
      { node: this.#handle.path, id, dueAt },
      {
        ended: () => {
          this.#waiting.delete(id)
          ended()
          this.#show(undefined)
        },
        due: () => {
          const state = this.#state(tries, attempt, firstAt, error)
          this.#handle.send([messageOf(this.#red.util, state, message), null])
          this.#show(attempt)
        },
      },
    )
    this.#waiting.add(id, { attempt, dueAt, stop })
    this.#handle.log.debug(`Try ${attempt} waits until ${new Date(dueAt).toISOString()}`, {
      run: run.id,
      item: run.item,
    })
    return this.#reply()
  }

  #try(tries: Tries, message: Message, attempt: number, firstAt: number, error: PipelineError | undefined): Reply {
    const out = messageOf(this.#red.util, this.#state(tries, attempt, firstAt, error), message)
    return { outputs: [out, null], status: this.#line(attempt) }
  }

  #giveUp(
    tries: Tries,
    message: Message,
    attempts: number,
    firstAt: number,
    policyWhy: Why,
    error: PipelineError,
    source: Json,
    problem: string | undefined,
  ): Reply {
    const why = problem === undefined ? policyWhy : 'expression'
    const gaveUp = { why, at: new Date().toISOString(), ...(problem === undefined ? {} : { problem }) }
    const state = { ...this.#state(tries, attempts, firstAt, error), gaveUp }
    const out = messageOf(this.#red.util, state, message)
    out.error = message.error ?? asCaught(error, source)
    return { outputs: [null, out], status: { mood: 'error', key: 'status.gaveUp', values: { attempts } } }
  }

  #state({ id, input }: Tries, attempt: number, firstAt: number, error: PipelineError | undefined): RetryState {
    return {
      node: this.#handle.path,
      id,
      attempt,
      tries: this.#policy.attempts,
      startedAt: new Date(firstAt).toISOString(),
      ...(error === undefined ? {} : { lastError: { code: error.code, message: error.message } }),
      input,
    }
  }

  #of(run: RunRef): { run: RunRef; node: string; policy: RetryPolicy } {
    return { run, node: this.#handle.path, policy: this.#policy }
  }

  /** Whether the error is one to try again; `problem` says why the expression could not tell. */
  async #classified(message: Message, failure: Failure): Promise<{ error: PipelineError; problem?: string }> {
    try {
      return { error: await classified(this.#handle.config, failure, async () => this.#evaluate?.(message)) }
    } catch (thrown) {
      const { message: problem } = PipelineError.from(thrown)
      this.#handle.log.error(`${problem}; the message is given up`)
      return { error: PipelineError.fromJSON({ ...failure.error.toJSON(), retryable: false }), problem }
    }
  }

  /** Two branches of one try may both fail, and a node may report an error twice: the first one counts. */
  #isDouble({ id, known }: Tries): boolean {
    if (known === undefined) return false
    if ((this.#counted.get(id) ?? 0) >= known.attempt) return true
    this.#counted.delete(id) // to the end of the order
    this.#counted.set(id, known.attempt)
    const [oldest] = this.#counted.keys()
    if (this.#counted.size > maxCounted && oldest !== undefined) this.#counted.delete(oldest)
    return false
  }

  #reply(): Reply {
    return { status: this.#line(undefined) }
  }

  /** Shows what waits, else that a try has gone out. */
  #show(sent: number | undefined): void {
    if (!this.#handle.signal.aborted) this.#handle.status(this.#line(sent))
  }

  #line(sent: number | undefined): StatusLine {
    const tries = this.#policy.attempts
    const waits = this.#waiting.line(tries, this.#handle.language)
    if (waits !== undefined) return waits
    if (sent === undefined || sent === 1) return { mood: 'idle' }
    return { mood: 'working', key: 'status.trying', values: { attempt: sent, tries } }
  }
}

function sameRun(one: RunRef | undefined, other: RunRef | undefined): boolean {
  return one?.id === other?.id && one?.item === other?.item
}

function strangerKey({ id, generation, epoch, item }: RunRef, payload: unknown): string {
  return [id, epoch, generation, item, hashOfPayload(payload)].join('\n')
}

function readNote(note: Json): { source: Json; problem: string | undefined } {
  if (typeof note !== 'object' || note === null || Array.isArray(note)) return { source: null, problem: undefined }
  return { source: note.source ?? null, problem: typeof note.problem === 'string' ? note.problem : undefined }
}
