import type { Server } from 'node:http'
import { PipelineError } from '../../lib/errors.ts'
import { openCloudWatch } from '../../lib/metrics/cloudwatch/sender.ts'
import { parsePrices } from '../../lib/metrics/prices.ts'
import { accessOf } from '../../lib/metrics/prometheus/access.ts'
import { type Answering, answerScrape, listenAt } from '../../lib/metrics/prometheus/answer.ts'
import { countEngine } from '../../lib/metrics/sources/engine.ts'
import { FleetSource } from '../../lib/metrics/sources/fleet.ts'
import { ownSources } from '../../lib/metrics/sources/own.ts'
import { setPrices } from '../../lib/metrics/spend.ts'
import { product } from '../../lib/product.ts'
import { registerNode } from '../kit/node.ts'
import type { Red } from '../kit/red.ts'
import { StoresService } from '../kit/stores-service.ts'
import { takeRoot } from '../ysh-api/mounts.ts'
import { declaration } from './declaration.ts'

/** Serves the metrics of this process and of its stores in Prometheus's format. */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    const { config, log } = handle
    const { path, port, reach } = config
    const stores = handle.use('stores', StoresService)
    const access = accessOf(reach, handle.credentials.token || process.env.YSH_METRICS_TOKEN || '')
    setPrices(parsePrices(config.prices))
    // of a trigger in a subflow only its place is known
    const nameOf = (flow: string) => red.nodes.getNode(flow)?.name || flow
    // In the memory of those who have this node only.
    const prometheus = import('../../lib/metrics/prometheus/exposition.ts').then(({ sharedPrometheus }) =>
      sharedPrometheus(),
    )
    const fleet = new FleetSource({ engine: (signal) => stores.engine(signal), nameOf, log })
    const sources = [...ownSources(product().split('/')[1] ?? '0'), () => fleet.readings()]
    const answering: Answering = {
      access,
      async scrape(openMetrics) {
        const exposition = await (await prometheus).scrape(sources, openMetrics)
        const down = fleet.up === false
        handle.status(down ? { mood: 'warning', key: 'status.storeDown' } : { mood: 'done', text: path })
        return exposition
      },
      trouble: (error) => log.error('The metrics could not be served', { error: PipelineError.from(error) }),
    }
    const giveBack = port === 0 ? mounted(red, path, answering) : undefined
    const server: Promise<Server | undefined> =
      port === 0
        ? Promise.resolve(undefined)
        : listenAt({ port, path, ...(reach === 'token' ? {} : { host: '127.0.0.1' }) }, answering).catch(
            (thrown: unknown) => {
              const { message } = PipelineError.from(thrown)
              log.error(`The metrics cannot be served at port ${port}: ${message}`)
              handle.status({ mood: 'error', text: `${port}` })
              return undefined
            },
          )
    const cloudwatch =
      config.cloudwatch === 'off'
        ? undefined
        : openCloudWatch({
            way: config.cloudwatch,
            pipeline: config.pipeline,
            file: config.cloudwatchFile,
            aws: {
              region: config.cloudwatchRegion,
              endpoint: config.cloudwatchEndpoint,
              accessKeyId: handle.credentials.accessKeyId ?? '',
              secretAccessKey: handle.credentials.secretAccessKey ?? '',
            },
            more: config.cloudwatchMore,
            sources,
            log,
          })
    const withdraw = stores.attach((engine) => {
      countEngine(engine, nameOf)
      return () => undefined // an engine that stays is counted over the deploy
    })
    handle.status({ mood: 'idle', text: path })
    return {
      async close() {
        withdraw()
        giveBack?.()
        await cloudwatch?.close()
        const open = await server
        if (open === undefined) return
        const closed = new Promise<void>((resolve) => open.close(() => resolve()))
        open.closeAllConnections()
        await closed
      },
    }
  })
}

/** Throws CONFIG when the path is taken. */
function mounted(red: Red, path: string, answering: Answering): () => void {
  const { root, giveBack } = takeRoot(red, path)
  root.mount('', (request, response, below) => answerScrape(answering, request, response, below))
  return giveBack
}
