import { PipelineError } from '../../errors.ts'
import { parser } from '../../schema.ts'
import { type ObjectEvent, ObjectEventSchema, slotOf } from '../../steps/events/event.ts'
import { parseEvents } from '../../steps/events/parse.ts'
import type { Trigger } from '../plan/schema.ts'

const known = parser(ObjectEventSchema, 'An event')

/**
 * What happened to an object, as EventBridge, S3, SNS or SQS write it, or read already; with the slot that Node-RED gives it. Throws
 * EVENT_INVALID, and EVENT_UNWANTED for one that the trigger does not take.
 */
export function objectEvent(
  payload: unknown,
  { buckets, prefix, suffix, events: wanted }: Trigger & { kind: 'object' },
): { event: ObjectEvent; slot: string } {
  if (known.problems(payload).length === 0) {
    const event = known.parse(payload)
    return { event, slot: slotOf(event) }
  }
  const { events } = parseEvents(JSON.stringify(payload) ?? '', {
    ...{ buckets: Array.isArray(buckets) ? buckets : [buckets], prefix, suffix },
    kinds: wanted === 'both' ? ['created', 'restored'] : [wanted],
  })
  const [event, other] = events
  if (event !== undefined && other === undefined) return { event, slot: slotOf(event) }
  throw new PipelineError(
    'EVENT_UNWANTED',
    `A run is started by one event that its trigger takes; this message has ${events.length}`,
  )
}
