import { PipelineError } from '../../lib/errors.ts'
import type { RunEngine } from '../../lib/runs/engine.ts'
import type { LetterError } from '../../lib/runs/letter.ts'
import { letterFilters, letterSelection } from '../../lib/runs/letter-list.ts'
import type { RunRef } from '../../lib/runs/run.ts'
import { systemTimer } from '../../lib/runs/time.ts'
import { parser, Type } from '../../lib/schema.ts'
import type { NodeHandle, Reply } from '../kit/behaviour.ts'
import type { ConfigOf } from '../kit/declaration.ts'
import { registerNode } from '../kit/node.ts'
import type { Message, Red } from '../kit/red.ts'
import { caughtError, triesOf } from '../kit/run-message.ts'
import { runOf } from '../kit/run-ref.ts'
import type { StatusLine } from '../kit/status.ts'
import { StoresService } from '../kit/stores-service.ts'
import { registerLetterEndpoints } from './admin.ts'
import { declaration } from './declaration.ts'

/** How often the count of open letters is looked up, and how soon after something happened; milliseconds. */
const countMs = { usually: 60_000, soon: 500 }
/** Who is said to have settled a letter when a message does. */
const byFlow = 'flow'

/** Keeps messages as dead letters, sends redriven ones out again, and answers questions about all letters of its stores. */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    const node = new DeadLetterNode(handle)
    return {
      input: (message, { signal }) => node.input(message, signal),
      close: () => node.close(),
    }
  })
  registerLetterEndpoints(red)
}

const questions = parser(
  Type.Object({ action: Type.Enum(['list', 'redrive', 'discard']), error: Type.Optional(Type.Null()) }),
  'msg.action',
)
const marks = parser(
  Type.Object({ id: Type.String({ maxLength: 36 }), slot: Type.Optional(Type.String()) }),
  'msg.deadLetter',
)
const sources = parser(
  Type.Object({
    source: Type.Object({ id: Type.Optional(Type.String()), name: Type.Optional(Type.String()) }),
  }),
  'msg.error',
)

class DeadLetterNode {
  readonly #handle: NodeHandle<ConfigOf<typeof declaration>>
  readonly #stores: StoresService
  readonly #withdraw: () => void
  #changed = Promise.withResolvers<void>()

  constructor(handle: NodeHandle<ConfigOf<typeof declaration>>) {
    this.#handle = handle
    this.#stores = handle.use('stores', StoresService)
    // Its messages are redriven by runs of its own: whoever asks for that, also from another process, needs only the database.
    this.#withdraw = this.#stores.register(handle.path, { send: (run) => void this.#resend(run) })
    void this.#keepCount()
  }

  /** A question (`msg.action`) is answered; anything else is kept. What comes with an error is a failure, whatever it asks. */
  async input(message: Message, signal: AbortSignal): Promise<Reply> {
    const engine = await this.#stores.engine(signal)
    const { action, error } = message
    const asked = { action, ...(error === undefined || error === null ? {} : { error }) }
    if (questions.problems(asked).length > 0) return this.#keep(engine, message)
    message.payload = await answerOf(engine, questions.parse(asked).action, message.payload)
    return { outputs: [null, null, message], status: await this.#status(engine) }
  }

  close(): void {
    this.#withdraw()
  }

  async #keep(engine: RunEngine, message: Message): Promise<Reply> {
    const run = runOf(message)
    const before = marks.problems(message.deadLetter).length > 0 ? undefined : marks.parse(message.deadLetter)
    // A slot that this node gave was for one redrive only.
    const { slot, ...others } = message
    const own = before?.slot !== undefined && before.slot === slot
    try {
      const { fresh, ...letter } = await engine.letters.keep({
        node: this.#handle.path,
        message: own ? others : message,
        run,
        error: errorOf(message),
        attempts: triesOf(message),
        before: before?.id,
      })
      message.deadLetter = { ...letter, fresh }
    } catch (error) {
      if (run !== undefined) engine.noteFailure(run, this.#handle.path, error)
      throw error
    }
    return { outputs: [message, null, null], status: await this.#status(engine) }
  }

  /** Sends the messages of a redrive; when the process dies in between, the next one sends them again. */
  async #resend(run: RunRef): Promise<void> {
    const { signal, log } = this.#handle
    let engine: RunEngine | undefined
    try {
      engine = await this.#stores.engine(signal)
      for await (const { id, attempts, message } of engine.letters.messagesOf(run.id)) {
        const { error: _, ...rest } = message
        // A slot makes a ysh-run behind this output take each redrive once.
        const slot = `dead letter ${id}, try ${attempts + 1}`
        const again =
          rest.slot === undefined ? { slot, deadLetter: { id, attempts, slot } } : { deadLetter: { id, attempts } }
        if (!engine.isCurrent(run)) return
        if (!this.#handle.send([null, { ...rest, ...again }, null])) return
      }
      await engine.end(run, { outcome: 'done' })
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      if (signal.aborted || error.code === 'FENCED') return
      log.error('Dead letters could not be sent again', { run: run.id, error })
      // Its messages are open again. When even this fails, the run is sent anew by the engine.
      await engine?.end(run, { outcome: 'failed', error }).catch((again: unknown) => {
        log.warn('The redrive could not be ended', { run: run.id, error: again })
      })
    }
  }

  /** Keeps the status up to date until the node closes. */
  async #keepCount(): Promise<void> {
    const { signal, log } = this.#handle
    let stop = () => {}
    while (!signal.aborted) {
      try {
        const engine = await this.#stores.engine(signal)
        stop()
        stop = engine.subscribe((event) => {
          if (event.kind === 'run' && (event.state === 'failed' || event.state === 'done')) this.#changed.resolve()
        })
        this.#handle.status(await this.#status(engine))
      } catch (error) {
        // The stores' own node says what is wrong with them.
        if (!signal.aborted) log.debug('The dead letters could not be counted', { error: PipelineError.from(error) })
      }
      await Promise.race([systemTimer.sleep(countMs.usually, signal), this.#changed.promise]).catch(() => undefined) // closed
      this.#changed = Promise.withResolvers()
      await systemTimer.sleep(countMs.soon, signal).catch(() => undefined)
    }
    stop()
  }

  async #status(engine: RunEngine): Promise<StatusLine> {
    const { flow } = this.#handle.config
    const open = await engine.letters.count(flow === '' ? {} : { flow })
    return open === 0 ? { mood: 'done', key: 'status.none' } : { mood: 'warning', key: 'status.open', values: { open } }
  }
}

/** What a message asks of the letters. Throws FILTER_INVALID. */
async function answerOf(engine: RunEngine, action: 'list' | 'redrive' | 'discard', payload: unknown): Promise<unknown> {
  const asked = typeof payload === 'object' && payload !== null && !Array.isArray(payload) ? { ...payload } : {}
  if (action === 'list') {
    const { withInput, ...filter } = Object.assign({ withInput: false }, asked)
    return engine.letters.list(letterFilters.parse(filter), { withInput: Boolean(withInput) })
  }
  const { by, reason, ...filter } = Object.assign({ by: byFlow, reason: '' }, asked)
  const selection = letterSelection(filter)
  return action === 'redrive'
    ? engine.letters.redrive(selection, String(by).slice(0, 200))
    : engine.letters.discard(selection, String(by).slice(0, 200), String(reason))
}

/** Why a message is here. */
function errorOf(message: Message): LetterError {
  const caught = caughtError(message) ?? {
    code: 'FLOW_ERROR',
    message: 'The message came without an error',
    retryable: false,
  }
  if (sources.problems(message.error).length > 0) return caught
  const { name, id } = sources.parse(message.error).source
  const source = name || id
  return source === undefined ? caught : { ...caught, source }
}
