import { alertMessage, isAlert } from '../../runs/alert.ts'
import type { Trigger } from '../plan/schema.ts'

/** What the first message of a run carries, as its trigger sends it in Node-RED: an alert in the words that the plan wants, else the input. */
export function firstMessage(trigger: Trigger, input: unknown): Record<string, unknown> {
  return trigger.kind === 'alert' && isAlert(input) ? { ...alertMessage(input, trigger) } : { payload: input }
}
