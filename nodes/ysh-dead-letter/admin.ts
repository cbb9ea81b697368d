import { PipelineError } from '../../lib/errors.ts'
import { listRuns, listSteps } from '../../lib/runs/display.ts'
import { letterFilters, letterSelection } from '../../lib/runs/letter-list.ts'
import { runFilters } from '../../lib/runs/run-filter.ts'
import { answer, bodyOf } from '../kit/admin.ts'
import type { AdminRequest, Red } from '../kit/red.ts'
import { deployedEngine } from '../ysh-stores/deployed.ts'

const answering = {
  patienceMs: 20_000,
  statuses: {
    FILTER_INVALID: 400,
    STORES_AMBIGUOUS: 400,
    LETTER_UNKNOWN: 404,
    RUN_UNKNOWN: 404,
    NOT_DEPLOYED: 404,
    RUN_QUEUE_FULL: 409,
  },
}

/**
 * Endpoints for the form and the command line. Each takes `stores`, the id of a deployed `ysh-stores`; without it the only one is meant.
 *
 * - `GET ysh/dead-letters?flow=&item=&code=&since=&state=&kind=&run=&limit=`, `GET ysh/dead-letters/<id>`
 * - `POST ysh/dead-letters/redrive`, `.../discard` with a JSON body: ids or filter, or `all`; `by`, `reason`
 * - `GET ysh/runs?flow=&state=&limit=`, `GET ysh/runs/<id>` (with its steps)
 */
export function registerLetterEndpoints(red: Red): void {
  const { httpAdmin, auth } = red
  const read = auth.needsPermission('ysh-dead-letter.read')
  const write = auth.needsPermission('ysh-dead-letter.write')
  const readRuns = auth.needsPermission('ysh-run.read')

  httpAdmin.get('/ysh/dead-letters', read, (request, response) =>
    answer(response, answering, async (signal) => {
      const { stores, ...filter } = textsOf(request.query)
      return (await deployedEngine(stores, signal)).letters.list(letterFilters.parse(typed(filter)))
    }),
  )
  httpAdmin.get('/ysh/dead-letters/:id', read, (request, response) =>
    answer(response, answering, async (signal) => {
      const id = request.params.id ?? ''
      const letter = await (await deployedEngine(textsOf(request.query).stores, signal)).letters.read(id)
      if (letter === undefined) throw new PipelineError('LETTER_UNKNOWN', `There is no dead letter ${id}`)
      return letter
    }),
  )
  httpAdmin.post('/ysh/dead-letters/redrive', write, (request, response) =>
    answer(response, answering, async (signal) => {
      const { stores, by, reason: _, ...selection } = bodyOf(request)
      const filter = letterSelection(selection)
      return (await deployedEngine(text(stores), signal)).letters.redrive(filter, whose(request, by))
    }),
  )
  httpAdmin.post('/ysh/dead-letters/discard', write, (request, response) =>
    answer(response, answering, async (signal) => {
      const { stores, by, reason, ...selection } = bodyOf(request)
      const filter = letterSelection(selection)
      const { letters } = await deployedEngine(text(stores), signal)
      return letters.discard(filter, whose(request, by), text(reason) ?? '')
    }),
  )
  httpAdmin.get('/ysh/runs', readRuns, (request, response) =>
    answer(response, answering, async (signal) => {
      const { stores, ...filter } = textsOf(request.query)
      const parsed = runFilters.parse(typed(filter))
      return { runs: await (await deployedEngine(stores, signal)).read((q) => listRuns(q, parsed)) }
    }),
  )
  httpAdmin.get('/ysh/runs/:id', readRuns, (request, response) =>
    answer(response, answering, async (signal) => {
      const { id } = runFilters.parse({ id: request.params.id ?? '' })
      const engine = await deployedEngine(textsOf(request.query).stores, signal)
      const [run] = await engine.read((q) => listRuns(q, { ...(id === undefined ? {} : { id }) }))
      if (run === undefined) throw new PipelineError('RUN_UNKNOWN', `There is no run ${id}`)
      return { ...run, steps: await engine.read((q) => listSteps(q, run.id)) }
    }),
  )
}

/** The logged-in user counts more than what the request says of itself. */
function whose(request: AdminRequest, by: unknown): string {
  return (request.user?.username ?? text(by) ?? 'editor').slice(0, 200)
}

/** The parameters of an address that are texts and not blank. */
function textsOf(query: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) =>
      typeof value === 'string' && value !== '' ? [[name, value]] : [],
    ),
  )
}

/** As a schema wants them: numbers and lists arrive as texts. */
function typed({ limit, ids, ...rest }: Record<string, string>): Record<string, unknown> {
  return {
    ...rest,
    ...(limit === undefined ? {} : { limit: Number(limit) }),
    ...(ids === undefined ? {} : { ids: ids.split(',') }),
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
