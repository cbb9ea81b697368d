import type { Posts } from '../lib/api/events/gateway/posts.ts'
import type { EventSender } from '../lib/api/events/gateway/sender.ts'
import { PipelineError } from '../lib/errors.ts'
import type { Env } from '../lib/portable/runtime/settings.ts'
import type { Logger } from '../lib/steps/step.ts'
import { endAfter } from '../lib/stopped.ts'
import type { PostgresStore } from '../lib/stores/postgres/port.ts'

/** A step's answer waits for its events at most so long; the rest is sent by the next call, or within a minute. */
const mostMs = 10_000
/** For the post under way, and for noting it. */
const spareMs = 6_000

/** Sends events to subscribers behind API Gateway. Never throws: it is nobody's own work that waits for it. */
export interface EventsOut {
  /** After work that may have made events: one question where nobody listens, or nothing is new. `ms`: what is left for it. */
  after(postgres: PostgresStore, ms: number): Promise<void>
  /** Each minute. */
  minute(postgres: PostgresStore, signal: AbortSignal): Promise<void>
}

/** YSH_API_EVENTS_ENDPOINT is where connections are managed (`https://DOMAIN/STAGE`); undefined without. Its code is loaded by the first call. */
export function eventsOut({ env, log }: { env: Env; log: Logger }): EventsOut | undefined {
  const endpoint = env.YSH_API_EVENTS_ENDPOINT ?? ''
  if (endpoint === '') return undefined
  let posts: Posts | undefined
  const senders = new WeakMap<PostgresStore, EventSender>()
  const open = async (postgres: PostgresStore): Promise<EventSender> => {
    const known = senders.get(postgres)
    if (known !== undefined) return known
    const { gatewayPosts } = await import('../lib/api/events/gateway/posts.ts')
    const { EventSender } = await import('../lib/api/events/gateway/sender.ts')
    posts ??= gatewayPosts(endpoint)
    const sender = new EventSender({ postgres, posts, log })
    senders.set(postgres, sender)
    return sender
  }
  const quietly = async (work: () => Promise<void>) => {
    try {
      await work()
    } catch (thrown) {
      log.warn('Events wait for their subscribers', { error: PipelineError.from(thrown) })
    }
  }
  return {
    async after(postgres, ms) {
      const time = Math.min(ms - spareMs, mostMs)
      if (time > 0) await quietly(async () => (await open(postgres)).once(endAfter(time)))
    },
    minute: (postgres, signal) => quietly(async () => (await open(postgres)).minute(signal)),
  }
}
