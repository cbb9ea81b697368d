import { randomUUID } from 'node:crypto'
import { PipelineError } from '../../lib/errors.ts'
import type { EngineEvent, RunEngine, StartAnswer } from '../../lib/runs/engine.ts'
import { plainJson } from '../../lib/runs/json.ts'
import { calendar } from '../../lib/runs/schedule.ts'
import { systemTimer } from '../../lib/runs/time.ts'
import type { Json } from '../../lib/stores/cache/port.ts'
import type { NodeHandle, Reply } from '../kit/behaviour.ts'
import type { ConfigOf } from '../kit/declaration.ts'
import { registerNode } from '../kit/node.ts'
import type { Message, Red } from '../kit/red.ts'
import type { StatusLine } from '../kit/status.ts'
import { StoresService } from '../kit/stores-service.ts'
import { declaration } from './declaration.ts'

/** Pause before the stores are asked for again, for a schedule that waits for them. */
const againMs = 5_000

/** Starts a run by schedule, message or button; the engine has it sent anew after a restart or deploy. */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    const node = new RunNode(handle)
    return {
      input: (message, { signal }) => node.input(message, signal),
      press: () => node.press(),
      close: () => node.close(),
    }
  })
}

class RunNode {
  readonly #handle: NodeHandle<ConfigOf<typeof declaration>>
  readonly #stores: StoresService
  readonly #payload: Json
  readonly #withdraw: () => void
  /** What the status says while no run is under way. */
  #rest: StatusLine = { mood: 'idle', key: 'status.ready' }

  constructor(handle: NodeHandle<ConfigOf<typeof declaration>>) {
    const { path, config } = handle
    this.#handle = handle
    this.#payload = payloadOf(config.payload)
    if (config.schedule !== '') calendar(config.schedule, config.timeZone)
    this.#stores = handle.use('stores', StoresService)
    this.#withdraw = this.#stores.register(path, {
      stallMs: config.stallSeconds * 1_000,
      send: (run, input) => {
        handle.send([{ payload: input, run }])
      },
    })
    void this.#attend()
  }

  /** A message is an event: one with a `slot` starts its run once, however often it comes. */
  async input(message: Message, signal: AbortSignal): Promise<Reply | undefined> {
    const slot = typeof message.slot === 'string' && message.slot !== '' ? message.slot : randomUUID()
    const { outcome } = await this.#start('event', slot, plainJson(message.payload, 'msg.payload'), signal)
    if (outcome === 'started') return { status: { mood: 'working', key: 'status.running' } }
    return { status: { mood: outcome === 'queued' ? 'waiting' : 'warning', key: `status.${outcome}` } }
  }

  async press(): Promise<void> {
    const { outcome } = await this.#start(
      'manual',
      `manual ${new Date().toISOString()}`,
      this.#payload,
      this.#handle.signal,
    )
    if (outcome === 'skipped') throw new PipelineError('RUN_SKIPPED', 'Another run of this node is not through yet')
  }

  close(): void {
    this.#withdraw()
  }

  async #start(trigger: 'event' | 'manual', slot: string, input: Json, signal: AbortSignal): Promise<StartAnswer> {
    const engine = await this.#stores.engine(signal)
    return engine.start({ flow: this.#handle.path, slot, trigger, input, overlap: this.#handle.config.overlap })
  }

  /** Keeps the schedule and the status, as soon as the stores are open, until the node closes. */
  async #attend(): Promise<void> {
    const { signal, log } = this.#handle
    try {
      const engine = await this.#opened()
      const stop = engine.subscribe((event) => this.#show(event))
      signal.addEventListener('abort', stop, { once: true })
      this.#handle.status(this.#rest)
      await this.#keepSchedule(engine)
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      if (!signal.aborted) log.error('The schedule is not kept', { error })
    }
  }

  async #opened(): Promise<RunEngine> {
    const { signal } = this.#handle
    for (;;) {
      try {
        return await this.#stores.engine(signal)
      } catch (error) {
        // The stores' own node reports what is wrong with them.
        if (signal.aborted) throw error
        await systemTimer.sleep(againMs, signal)
      }
    }
  }

  async #keepSchedule(engine: RunEngine): Promise<void> {
    const { config, path, signal, language } = this.#handle
    const { schedule, timeZone, catchUp, overlap } = config
    if (schedule === '') return
    await engine.keepSchedule({
      flow: path,
      schedule: { expression: schedule, timeZone, catchUp },
      overlap,
      input: this.#payload,
      signal,
      onNext: (next) => {
        this.#rest =
          next === undefined
            ? { mood: 'idle', key: 'status.ready' }
            : { mood: 'waiting', key: 'status.next', values: { time: shortTime(next, timeZone, language) } }
        this.#handle.status(this.#rest)
      },
    })
  }

  #show(event: EngineEvent): void {
    if (event.kind !== 'run' || event.run.flow !== this.#handle.path) return
    if (event.state === 'started' || event.state === 'resumed') {
      this.#handle.status({ mood: 'working', key: 'status.running' })
    } else if (event.state === 'parked') {
      const { language, config } = this.#handle
      const time = shortTime(new Date(event.dueAt), config.timeZone, language)
      this.#handle.status({ mood: 'waiting', key: 'status.parked', values: { time } })
    } else if (event.state === 'failed') {
      this.#handle.status({ mood: 'error', text: event.error.code })
      this.#handle.log.error(`The run for ${event.run.slot} failed: ${event.error.message}`, {
        run: event.run.id,
        code: event.error.code,
      })
    } else this.#handle.status(this.#rest)
  }
}

/** Throws CONFIG. */
function payloadOf(text: string): Json {
  try {
    return text.trim() === '' ? null : JSON.parse(text)
  } catch (cause) {
    throw new PipelineError(
      'CONFIG',
      `The payload is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
}

/** `02:00` within the next day, else with the date: `25/11 02:00`. */
function shortTime(at: Date, timeZone: string, language: string): string {
  const soon = at.getTime() - Date.now() < 86_400_000
  const date = soon ? {} : ({ day: '2-digit', month: '2-digit' } as const)
  return new Intl.DateTimeFormat(language, {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
    ...date,
  }).format(at)
}
