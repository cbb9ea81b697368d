import { PipelineError } from '../../lib/errors.ts'
import { failPoint } from '../../lib/fail-point.ts'
import type { Logger, Progress } from '../../lib/steps/step.ts'
import type { Behaviour } from './behaviour.ts'
import type { Limits } from './declaration.ts'
import { forDone, isQuiet } from './errors.ts'
import { Inbox } from './inbox.ts'
import { graceMs, guard, limited, once, stopped } from './message.ts'
import type { Message, Outputs } from './red.ts'
import { progressText, type StatusWriter } from './status.ts'

/** What the attendant needs of its node. */
export interface AttendantOptions {
  behaviour: Behaviour
  /** Without limits every message is worked on at once. */
  limits: Limits | undefined
  /** Aborted when the node closes. */
  closed: AbortSignal
  status: StatusWriter
  log: Logger
  language: string
}

interface Letter {
  message: Message
  send(outputs: Outputs): void
  done(error?: Error): void
}

/** Sees each message of a node through: waiting, time limit, what goes out, and exactly one `done`. Never throws or rejects. */
export class Attendant {
  readonly #options: AttendantOptions
  readonly #inbox: Inbox<Letter>

  constructor(options: AttendantOptions) {
    this.#options = options
    this.#inbox = new Inbox({
      concurrency: options.limits?.concurrency ?? Number.POSITIVE_INFINITY,
      limit: options.limits?.queueLimit ?? 0,
      work: (letter) => this.#attend(letter),
    })
  }

  take(message: Message, send: (outputs: Outputs) => void, done: (error?: Error) => void): void {
    const { closed, log, status } = this.#options
    const letter: Letter = { message, send, done: once(done, () => log.warn('A message was ended twice')) }
    if (this.#inbox.offer(letter)) return
    if (closed.aborted) {
      this.#unfinished(letter)
      return
    }
    const waiting = this.#inbox.waiting
    status.show({ mood: 'warning', key: 'status.full', values: { waiting } })
    letter.done(
      new PipelineError('QUEUE_FULL', `${waiting} messages are waiting already; this one was not taken`, {
        retryable: true,
      }),
    )
  }

  /** Ends what waits, and waits for what runs (its signal is aborted by now). */
  async close(): Promise<void> {
    for (const letter of this.#inbox.close()) this.#unfinished(letter)
    await this.#inbox.settled()
  }

  /** A message of a run ends quietly: the run is replayed after the deploy. One without a run is lost, and says so. */
  #unfinished(letter: Letter): void {
    const inRun = letter.message.run !== undefined
    if (!inRun) this.#lost()
    letter.done(inRun ? undefined : stopped())
  }

  /** In a full deploy the Catch nodes that get the error are closed too, and would swallow it. */
  #lost(): void {
    this.#options.log.warn('A message outside any run was cut off by a deploy or shutdown: it is lost')
  }

  async #attend(letter: Letter): Promise<void> {
    const { behaviour, closed, status, limits, language, log } = this.#options
    const { message, done } = letter
    // Looked at now: the work may put a run into the message.
    const inRun = message.run !== undefined
    const send = guard(closed, (outputs) => letter.send(outputs))
    const progress = (report: Progress) => {
      const waiting = this.#inbox.waiting
      const mood = report.phase.startsWith('wait-') ? 'waiting' : 'working'
      status.show({ mood, text: `${progressText(report, language)}${waiting > 0 ? ` +${waiting}` : ''}` })
    }
    try {
      const reply = await limited(closed, limits?.timeoutSeconds ?? 0, async (signal) =>
        behaviour.input?.(message, { signal, progress, send }),
      )
      if (reply?.outputs !== undefined) {
        failPoint('before-send')
        send(reply.outputs)
      }
      if (!closed.aborted) status.show(reply?.status ?? { mood: 'idle' })
      done()
    } catch (thrown) {
      const error = forDone(thrown)
      if (isQuiet(error) && inRun) {
        log.debug(`A message ended without effect: ${error.code}: ${error.message}`)
        if (!closed.aborted) status.show({ mood: 'idle' })
        done()
      } else {
        if (closed.aborted) this.#lost()
        else status.show({ mood: 'error', text: error.code })
        done(error)
      }
    }
  }
}

/** Resolves when `work` has settled, at the latest after the grace time: Node-RED gives a closing node 15 s. */
export async function settleSoon(work: Promise<unknown>, log: Logger): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      log.warn(`The node did not come to rest within ${graceMs / 1_000} s; it is closed all the same`)
      resolve()
    }, graceMs)
  })
  try {
    await Promise.race([work, late])
  } catch (thrown) {
    log.error('Closing the node failed', { error: thrown })
  } finally {
    clearTimeout(timer)
  }
}
