import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { PipelineError } from '../../errors.ts'
import { isLoopback } from '../../net/loopback.ts'
import type { StepEvent } from '../../runs/flight.ts'
import { reveal } from '../../secrets/reveal.ts'
import type { Logger } from '../../steps/step.ts'
import type { Stores } from '../../stores/stores.ts'
import { cloudWatchFrom } from '../cloudwatch/environment.ts'
import { type CloudWatchSender, openCloudWatch } from '../cloudwatch/sender.ts'
import { accessOf } from '../prometheus/access.ts'
import { type Listening, listenAt } from '../prometheus/answer.ts'
import { sharedPrometheus } from '../prometheus/exposition.ts'
import { stepCounter } from '../sources/engine.ts'
import { FleetSource } from '../sources/fleet.ts'
import { ownSources } from '../sources/own.ts'

const path = '/metrics'
/** A reference, so that it may stand in a file and is read at each scrape. */
const token = 'env:YSH_METRICS_TOKEN'

/** What a process without Node-RED works on. */
export interface Watched {
  stores: Stores
  /** Ids of the flows, or pipelines, that it keeps. */
  flows: readonly string[]
  /** Name of one, for people. */
  nameOf(flow: string): string
}

/** What {@link openProcessMetrics} wants. */
export interface ProcessMetricsOptions {
  /** Where Prometheus may ask; port 0 is any that is free. Left out: nowhere. */
  listen?: { host: string; port: number }
  /** Says whether, and how, metrics go to CloudWatch. */
  env: Readonly<Record<string, string | undefined>>
  version: string
  log: Logger
}

/** Metrics of a process without Node-RED. */
export interface ProcessMetrics {
  /** Counts tries of steps. */
  onStep(event: StepEvent): void
  /** From now on these stores are told of too; undefined: of none, for they are about to be closed. */
  watch(watched: Watched | undefined): void
  /** Sends what there is left, and closes the port. */
  close(): Promise<void>
}

/**
 * Counts what happens in this process from now on, and serves it to Prometheus or sends it to CloudWatch, or both. Another address than this
 * machine's own wants the token YSH_METRICS_TOKEN. Throws CONFIG, also where the port is taken, and what {@link reveal} throws for the token.
 */
export async function openProcessMetrics(options: ProcessMetricsOptions): Promise<ProcessMetrics> {
  const { listen, env, version, log } = options
  let fleet: FleetSource | undefined
  const sources = [...ownSources(version, 'worker'), () => fleet?.readings() ?? []]
  const sent = cloudWatchFrom(env)
  let server: Listening | undefined
  let cloudwatch: CloudWatchSender | undefined
  if (listen !== undefined) {
    const isOwn = listen.host === 'localhost' || isLoopback(listen.host)
    const access = accessOf(isOwn ? 'loopback' : 'token', token)
    // A token that is missing or too short is told of now, not at the first scrape.
    if (!isOwn) accessOf('token', await reveal(token))
    const prometheus = sharedPrometheus()
    server = await listenAt(
      { ...listen, path },
      {
        access,
        scrape: (openMetrics) => prometheus.scrape(sources, openMetrics),
        trouble: (error) => log.error('The metrics could not be served', { error: PipelineError.from(error) }),
      },
    ).catch((cause: unknown) => {
      const { message } = PipelineError.from(cause)
      throw new PipelineError('CONFIG', `The metrics cannot be served at ${at(listen)}: ${message}`, { cause })
    })
    log.info('Metrics for Prometheus', { url: `http://${at({ ...listen, port: portOf(server) })}${path}` })
  }
  try {
    if (sent !== undefined) cloudwatch = openCloudWatch({ ...sent, sources, log })
  } catch (error) {
    server?.close()
    throw error
  }
  return {
    onStep: stepCounter(),
    watch(watched) {
      fleet =
        watched &&
        new FleetSource({ engine: () => Promise.resolve(watched), nameOf: (flow) => watched.nameOf(flow), log })
    },
    async close() {
      await cloudwatch?.close()
      if (server === undefined) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

const at = ({ host, port }: { host: string; port: number }) => `${host.includes(':') ? `[${host}]` : host}:${port}`

function portOf(server: Listening): number {
  const address: AddressInfo | string | null = server.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}
