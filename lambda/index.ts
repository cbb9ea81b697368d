import { fileURLToPath } from 'node:url'
import { isRecord } from '../lib/flow-check/node.ts'
import { stepCounter } from '../lib/metrics/sources/engine.ts'
import { product } from '../lib/product.ts'
import { jsonLog, type LambdaContext } from './log.ts'
import { counting } from './metrics.ts'
import type { GatewayAnswer } from './rest.ts'
import { stepHandler } from './step.ts'

/** The functions of the bundle `steps.zip`: `index.step`, `index.deliver`, `index.rest`, `index.websocket`. */

const named = product()
const planFolder = fileURLToPath(new URL('../plans/', import.meta.url))
const counted = counting(process.env, jsonLog())

/** Does the steps of compiled flows; see {@link stepHandler}. The plans are in YSH_PLANS, else in `plans` beside the code. */
export const step = counted(
  stepHandler({
    ...{ env: process.env, product: named, onStep: stepCounter() },
    plans: planFolder,
  }),
)

let delivering: Promise<(event: unknown, context: LambdaContext) => Promise<{ places: number }>> | undefined

/** Delivers the outbox and starts what waits for alerts and models; a schedule calls it each minute. Loaded when it is asked for. */
export const deliver = counted(async (event: unknown, context: LambdaContext): Promise<{ places: number }> => {
  delivering ??= import('./deliver.ts').then(({ deliverHandler }) =>
    deliverHandler({ env: process.env, product: named, plans: planFolder }),
  )
  return (await delivering)(event, context)
})

let answering: Promise<(event: unknown, context: LambdaContext) => Promise<GatewayAnswer>> | undefined

/** Answers the data API. Loaded when it is asked for: a function of steps does not pay for it. */
export const rest = counted(async (event: unknown, context: LambdaContext): Promise<GatewayAnswer> => {
  answering ??= import('./rest.ts').then(({ restHandler }) => restHandler({ env: process.env, product: named }))
  return (await answering)(event, context)
})

/**
 * Events over WebSockets need a process that listens to PostgreSQL between messages, and a function does not live so long: the connection is
 * refused, with the reason. Serve `/events` from Node-RED.
 */
export async function websocket(event: unknown): Promise<{ statusCode: number; body: string }> {
  const context = isRecord(event) && isRecord(event.requestContext) ? event.requestContext : {}
  if (context.routeKey === '$disconnect') return { statusCode: 200, body: '' }
  const detail = 'Events are sent by a process that stays: connect to the Node-RED that serves this API'
  return {
    statusCode: 501,
    body: JSON.stringify({ type: 'about:blank', title: 'Not implemented', status: 501, code: 'API_NO_EVENTS', detail }),
  }
}
