import { PipelineError } from '../../errors.ts'
import type { Caller } from '../access/caller.ts'
import { scopeOfTopic, type Topic } from './hub.ts'

/** Most topics of a subscriber. */
const maxTopics = 100

/** Throws API_SCOPE when the caller may not hear of one of the topics. */
export function checkScopes({ scopes }: Pick<Caller, 'scopes'>, topics: readonly Topic[]): void {
  for (const { type } of topics) {
    const scope = scopeOfTopic[type]
    if (!scopes.has(scope)) throw new PipelineError('API_SCOPE', `Topics of the type ${type} need the scope ${scope}`)
  }
}

const same = (a: Topic, b: Topic) => a.type === b.type && a.subject === b.subject

/** The topics with more of them. Throws EVENTS_TOPICS when that is too many. */
export function merged(topics: readonly Topic[], more: readonly Topic[]): readonly Topic[] {
  const all = [...topics]
  for (const topic of more) if (!all.some((other) => same(other, topic))) all.push(topic)
  if (all.length > maxTopics) throw new PipelineError('EVENTS_TOPICS', `A subscriber has at most ${maxTopics} topics`)
  return all
}

/** The topics without some. */
export function without(topics: readonly Topic[], less: readonly Topic[]): readonly Topic[] {
  return topics.filter((topic) => !less.some((other) => same(other, topic)))
}

/** The error of a subscriber whose key or token is no longer good. */
export function callerEnded(): PipelineError {
  return new PipelineError('API_UNKNOWN_CALLER', 'The key or token has expired, or was revoked')
}
