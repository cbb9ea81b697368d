import { PipelineError } from '../../lib/errors.ts'
import { endAfter } from '../../lib/stopped.ts'
import type { AdminRequest, AdminResponse, Red } from './red.ts'

/** How an endpoint of the editor answers. */
export interface Answering {
  /** How long the work may take, in milliseconds. */
  patienceMs: number
  /** HTTP status by code; 400 for a wrong reference to a secret, 500 for any other error. */
  statuses: Readonly<Record<string, number>>
}

/** Answers with what the work gives as JSON, or with `code` and `message` of what it throws. */
export function answer(
  response: AdminResponse,
  { patienceMs, statuses }: Answering,
  work: (signal: AbortSignal) => Promise<unknown>,
): void {
  work(endAfter(patienceMs)).then(
    (body) => response.json(body),
    (thrown: unknown) => {
      const { code, message } = PipelineError.from(thrown)
      response.status(statuses[code] ?? (code.startsWith('SECRET_') ? 400 : 500)).json({ code, message })
    },
  )
}

/** The properties of a request's JSON body; none where it is no object. */
export function bodyOf({ body }: AdminRequest): Record<string, unknown> {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : {}
}

/** Settings of a form, `${NAME}` replaced as the runtime does it for the deployed node; blank where nothing has that name. */
export function filledIn(
  { nodes, util }: Pick<Red, 'nodes' | 'util'>,
  id: unknown,
  settings: unknown,
): Record<string, unknown> {
  if (typeof settings !== 'object' || settings === null) return {}
  const node = typeof id === 'string' ? nodes.getNode(id) : undefined
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => {
      const variable = typeof value === 'string' ? /^\$\{([^}]+)\}$/.exec(value.trim())?.[1] : undefined
      return [name, variable === undefined ? value : (util.getSetting(node, variable) ?? '')]
    }),
  )
}
