import { mkdir } from 'node:fs/promises'
import { PipelineError } from '../../lib/errors.ts'
import { createHttpClient } from '../../lib/net/client.ts'
import { product } from '../../lib/product.ts'
import type { RunEngine } from '../../lib/runs/engine.ts'
import { systemTimer } from '../../lib/runs/time.ts'
import { parser } from '../../lib/schema.ts'
import { type ObjectEvent, ObjectEventSchema, slotOf } from '../../lib/steps/events/event.ts'
import { watchFolder } from '../../lib/steps/events/folder.ts'
import { type EventFilter, parseEvents } from '../../lib/steps/events/parse.ts'
import { believe } from '../../lib/steps/events/push.ts'
import { watchQueue } from '../../lib/steps/events/queue.ts'
import { SnsCheck } from '../../lib/steps/events/sns.ts'
import { eventMigrations, refuseMessage, sourceRecovered } from '../../lib/steps/events/tables.ts'
import { taken, takeObject } from '../../lib/steps/events/take.ts'
import { TakenSchema } from '../../lib/steps/events/take-schema.ts'
import { endAfter } from '../../lib/stopped.ts'
import { AwsSchema } from '../../lib/stores/aws/config.ts'
import type { NodeHandle, Reply, Work } from '../kit/behaviour.ts'
import type { ConfigOf } from '../kit/declaration.ts'
import type { Message, Red } from '../kit/red.ts'
import { runOf } from '../kit/run-ref.ts'
import { StoresService } from '../kit/stores-service.ts'
import type { declaration } from './declaration.ts'
import { answerPushes } from './endpoint.ts'
import { FolderSource } from './folder-source.ts'
import { TurnedAway } from './turned-away.ts'

const events = parser(ObjectEventSchema, 'An event')
const takens = parser(TakenSchema, 'A file that was taken')
const awsOptions = parser(AwsSchema, 'How AWS is reached')
/** Pause before the stores, or a source that cannot be opened, are asked for again. */
const againMs = 5_000
const certificateBytes = 65_536
/** Whoever pushes waits about 15 s. */
const pushMs = 10_000

/** A source of events: each event is a run, which begins in this node with taking the object. */
export class EventNode {
  readonly #handle: NodeHandle<ConfigOf<typeof declaration>>
  readonly #stores: StoresService
  readonly #filter: EventFilter
  readonly #stops: (() => void)[] = []
  /** Resolves when all nodes are there, so that what a run sends arrives; or when this one is closed. */
  readonly #ready: Promise<void>
  /** Whether an incident may be open, which the next good message closes; after a start nobody knows. */
  #refused = true

  constructor(red: Red, handle: NodeHandle<ConfigOf<typeof declaration>>) {
    const { config, path } = handle
    this.#handle = handle
    this.#filter = {
      ...{ buckets: config.buckets, prefix: config.prefix, suffix: config.suffix },
      kinds: config.kinds === 'both' ? ['created', 'restored'] : [config.kinds],
    }
    this.#stores = handle.use('stores', StoresService)
    this.#ready = this.#stores.flowsStarted(handle.signal).catch(() => undefined)
    // Before the trigger is registered: a path that is taken makes no node.
    if (config.source === 'push') this.#stops.push(this.#push(red))
    this.#stops.push(
      this.#stores.register(path, {
        stallMs: config.stallSeconds * 1_000,
        send: (run, input) => handle.receive({ payload: input, run }),
      }),
    )
    if (config.source !== 'push') void this.#attend()
    handle.status({ mood: 'idle', key: 'status.ready' })
  }

  close(): void {
    for (const stop of this.#stops) stop()
  }

  /** The first message of a run, or the same again after an error: takes the object and sends it on. */
  async input(message: Message, { signal, progress }: Work): Promise<Reply | undefined> {
    const { config, path, log } = this.#handle
    const { payload } = message
    if (takens.problems(payload).length === 0) {
      return { outputs: [message], status: { mood: 'working', key: 'status.event' } }
    }
    const event = events.parse(payload)
    if (!config.copy) message.payload = taken(event, undefined)
    else {
      const engine = await this.#stores.engine(signal)
      const { region, endpoint, accessKeyId, secretAccessKey, maxBytes } = config
      const { output, run } = await engine.execute({
        ...{ step: takeObject, node: path, input: event, run: runOf(message), signal, progress, log },
        config: { region, endpoint, accessKeyId, secretAccessKey, maxBytes },
      })
      message.payload = output
      message.run = run
    }
    return { outputs: [message], status: { mood: 'working', key: 'status.event' } }
  }

  /** Keeps the source, as soon as all nodes and the stores are there, until the node closes. */
  async #attend(): Promise<void> {
    const { signal, log } = this.#handle
    await this.#ready
    while (!signal.aborted) {
      try {
        const engine = await this.#stores.engine(signal)
        await engine.prepare(eventMigrations)
        await this.#watch(engine)
      } catch (thrown) {
        if (signal.aborted) return
        const error = PipelineError.from(thrown)
        log.error(`The source of events cannot be opened: ${error.code}: ${error.message}`, { error })
        this.#handle.status({ mood: 'error', text: error.code })
        await systemTimer.sleep(againMs, signal).catch(() => undefined)
      }
    }
  }

  async #watch(engine: RunEngine): Promise<void> {
    const { config, signal, log, path } = this.#handle
    if (config.source === 'folder') {
      await mkdir(config.folder, { recursive: true })
      const source = new FolderSource(engine, path, (slot, input) => this.#begin(engine, slot, input))
      const { folder, prefix, suffix, pollSeconds, settleSeconds } = config
      await watchFolder({
        ...{ folder, prefix, suffix, pollMs: pollSeconds * 1_000, settleMs: settleSeconds * 1_000, signal, log },
        known: await source.known(),
        take: (file) => source.take(file, signal),
        forget: (paths) => source.forget(paths),
        report: (error) => this.#report(error),
      })
      return
    }
    await watchQueue({
      ...{ queueUrl: config.queueUrl, aws: awsOptions.parse(awsOf(config)), signal, log },
      take: (body) => this.#takeMessage(engine, body, config.queueUrl),
      report: (error) => this.#report(error),
    })
  }

  /** Starts the runs of a message, or sets it aside. What it throws may pass. */
  async #takeMessage(engine: RunEngine, body: string, origin: string): Promise<void> {
    let parsed: ReturnType<typeof parseEvents>
    try {
      parsed = parseEvents(body, this.#filter)
    } catch (thrown) {
      await this.#refuse(engine, PipelineError.from(thrown), body, origin)
      return
    }
    for (const event of parsed.events) await this.#begin(engine, slotOf(event), event)
    if (!this.#refused) return
    await engine.change((tx) => sourceRecovered(tx, this.#handle.path, new Date()))
    this.#refused = false
  }

  async #refuse(engine: RunEngine, { code, message }: PipelineError, body: string, origin: string): Promise<void> {
    const { path: node, log } = this.#handle
    log.error(`A message was set aside: ${code}: ${message}`, { code, origin })
    this.#handle.status({ mood: 'warning', key: 'status.refused' })
    await engine.change((tx) => refuseMessage(tx, { node, origin, code, message, body, at: new Date() }))
    this.#refused = true
  }

  async #begin(engine: RunEngine, slot: string, input: ObjectEvent): Promise<void> {
    const { path: flow, config } = this.#handle
    await engine.start({ flow, slot, trigger: 'event', input, overlap: config.overlap })
  }

  #push(red: Red): () => void {
    const { config, signal, log } = this.#handle
    const turnedAway = new TurnedAway(log)
    const http = createHttpClient({ product: product() })
    this.#stops.push(() => http.close())
    const fetch = async (url: string) =>
      (
        await http.bytes({
          url,
          signal: endAfter(10_000, signal),
          redirectHosts: [],
          maxBytes: certificateBytes,
        })
      ).bytes.toString('utf8')
    const sns =
      config.topicArn === ''
        ? undefined
        : new SnsCheck({ topicArn: config.topicArn, certificate: fetch, now: () => Date.now() })
    const { secretHeader, secret } = config
    return answerPushes(red, config.path, async (request) => {
      try {
        const body = await believe(request, {
          ...{ sns, secretHeader, secret },
          confirm: async (url) => {
            await fetch(url)
            log.info(`The subscription to ${config.topicArn} is confirmed`)
          },
        })
        if (body === undefined) return
        const patience = endAfter(pushMs, signal)
        await settledBy(this.#ready, patience)
        const engine = await this.#stores.engine(patience)
        await engine.prepare(eventMigrations)
        await this.#takeMessage(engine, body, `/ysh-s3-event/${config.path}`)
      } catch (thrown) {
        const error = PipelineError.from(thrown)
        if (error.code !== 'STOPPED') turnedAway.note(error)
        throw error
      }
    })
  }

  #report(error: PipelineError | undefined): void {
    if (error === undefined) {
      if (this.#troubled) this.#handle.status({ mood: 'idle', key: 'status.ready' })
    } else {
      this.#handle.log.warn(`The source of events: ${error.code}: ${error.message}`)
      this.#handle.status({ mood: 'error', text: error.code })
    }
    this.#troubled = error !== undefined
  }
  #troubled = false
}

/** Waits, but no longer than the signal says. Throws STOPPED. */
async function settledBy(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const stop = () => reject(new PipelineError('STOPPED', 'Not all nodes were there in time', { retryable: true }))
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  try {
    await Promise.race([work, late])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function awsOf({ region, endpoint, accessKeyId, secretAccessKey }: ConfigOf<typeof declaration>) {
  return { region, endpoint, accessKeyId, secretAccessKey }
}

/** What the schema cannot say. Throws CONFIG. */
export function checkEvents(config: ConfigOf<typeof declaration>): void {
  const { source, buckets, queueUrl, path, topicArn, secret, folder } = config
  const need = (right: boolean, what: string) => {
    if (!right) throw new PipelineError('CONFIG', what)
  }
  if (source === 'folder') need(folder !== '', 'A folder to watch is needed')
  else need(buckets.length > 0, 'The buckets whose events are taken are needed')
  if (source === 'queue') need(queueUrl !== '', 'The address of the queue is needed')
  if (source === 'push') {
    need(path !== '', 'The path of the endpoint is needed')
    need(
      topicArn !== '' || secret !== '',
      'An endpoint needs a topic of SNS or a secret: without either anybody could push',
    )
  }
}
