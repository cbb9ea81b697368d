import { PipelineError } from '../../errors.ts'
import { Turns } from '../../turns.ts'
import type { Caller, Scope } from '../access/caller.ts'
import type { ApiEvent, Topic } from '../events/hub.ts'
import type { ApiRequest } from '../http.ts'
import type { ApiContext } from '../route.ts'
import type { LinkedRows } from './links.ts'
import type { DatasetSource } from './source.ts'

/** What resolvers work with; one for each request. No interface: the handler wants something with an index. */
export type GraphqlContext = {
  caller: Caller
  api: ApiContext
  source: DatasetSource
  request: ApiRequest
  /** Aborted when the caller has gone or the time is over. */
  signal: AbortSignal
  links: LinkedRows
  /** Lets a few statements of one request run at a time: a request is one caller among others. */
  turn<T>(work: () => Promise<T>): Promise<T>
  /** Events of a topic, for subscriptions. */
  events(topic: Topic, options: { after?: number }): AsyncIterable<ApiEvent>
}

/** Statements of one request that run at a time. */
const atOnce = 3

/** No request lives so long; milliseconds. */
const longest = 3_600_000

/** Makes the `turn` of a request. Who waits longer than the request lives is not let in. */
export function turns(signal: AbortSignal): GraphqlContext['turn'] {
  const places = new Turns((why) => new PipelineError('GRAPHQL_LIMIT', `The request asks for too much at once: ${why}`))
  return async (work) => {
    const leave = await places.take(atOnce, { signal, ms: longest })
    try {
      return await work()
    } finally {
      leave()
    }
  }
}

/** Throws API_SCOPE when the caller may not ask for that. */
export function allow(context: GraphqlContext, scope: Scope): void {
  if (context.caller.scopes.has(scope)) return
  throw new PipelineError('API_SCOPE', `This key or token lacks the scope ${scope}`)
}
