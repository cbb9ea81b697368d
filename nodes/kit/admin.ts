import { PipelineError } from '../../lib/errors.ts'
import type { AdminRequest, AdminResponse } from './red.ts'

/** How an endpoint of the editor answers. */
export interface Answering {
  /** How long the work may take, in milliseconds. */
  patienceMs: number
  /** HTTP status by code; 500 for any other error. */
  statuses: Readonly<Record<string, number>>
}

/** Answers with what the work gives as JSON, or with `code` and `message` of what it throws. */
export function answer(
  response: AdminResponse,
  { patienceMs, statuses }: Answering,
  work: (signal: AbortSignal) => Promise<unknown>,
): void {
  work(AbortSignal.timeout(patienceMs)).then(
    (body) => response.json(body),
    (thrown: unknown) => {
      const { code, message } = PipelineError.from(thrown)
      response.status(statuses[code] ?? 500).json({ code, message })
    },
  )
}

/** The properties of a request's JSON body; none where it is no object. */
export function bodyOf({ body }: AdminRequest): Record<string, unknown> {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : {}
}
