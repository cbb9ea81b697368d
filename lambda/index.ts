import { fileURLToPath } from 'node:url'
import { stepCounter } from '../lib/metrics/sources/engine.ts'
import { product } from '../lib/product.ts'
import { jsonLog, type LambdaContext } from './log.ts'
import { counting } from './metrics.ts'
import type { GatewayAnswer } from './rest.ts'
import { stepHandler } from './step.ts'
import type { SocketAnswer } from './websocket.ts'

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

let listening: Promise<(event: unknown, context: LambdaContext) => Promise<SocketAnswer>> | undefined

/** Takes what subscribers of the data API's events say. Loaded when it is asked for. */
export const websocket = counted(async (event: unknown, context: LambdaContext): Promise<SocketAnswer> => {
  listening ??= import('./websocket.ts').then(({ websocketHandler }) =>
    websocketHandler({ env: process.env, product: named }),
  )
  return (await listening)(event, context)
})
