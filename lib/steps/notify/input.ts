import { PipelineError } from '../../errors.ts'
import { isAlert } from '../../runs/alert.ts'
import { plainJson } from '../../runs/json.ts'
import type { NotifyConfig } from './schema.ts'

/**
 * What a message says to the step: an alert in the node's language; a text; an object's own subject, text and so on; any other object as
 * data. For a summary only whose run it is. Throws NO_RUN, NOT_JSON.
 */
export function notifyInput(
  message: { payload?: unknown; topic?: unknown; run?: unknown; [property: string]: unknown },
  known: Record<string, unknown>,
  { content, language }: NotifyConfig,
): Record<string, unknown> {
  const { payload, topic, run } = message
  if (content === 'summary') {
    const { runId, to } = known
    if (runId === undefined && (run === undefined || run === null)) {
      throw new PipelineError('NO_RUN', 'A summary needs a run: wire the node before ysh-run-end, or behind it')
    }
    return { ...(runId === undefined ? {} : { runId }), ...(to === undefined ? {} : { to }) }
  }
  const { runId: _, ...given } = known
  const subject = typeof topic === 'string' && topic !== '' ? { subject: topic } : {}
  if (isAlert(payload)) {
    const { subject: words, body } = payload.texts[language]
    return { subject: words, text: body, data: plainJson(payload, 'msg.payload') }
  }
  if (typeof payload === 'string') return { ...subject, text: payload }
  if (['text', 'html', 'data', 'subject'].some((name) => given[name] !== undefined)) return { ...subject, ...given }
  if (typeof payload !== 'object' || payload === null) return { ...subject, ...given }
  return { ...subject, ...given, data: plainJson(payload, 'msg.payload') }
}
