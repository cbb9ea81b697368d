import { overview } from '../../lib/history/overview.ts'
import { type RemedyLanguage, remedyFor } from '../../lib/history/remedies.ts'
import { detailsOf } from '../../lib/history/run.ts'
import { pageOfRuns } from '../../lib/history/runs.ts'
import { runIdOf, runsQuery, stepsQuery } from '../../lib/history/schema.ts'
import { givenTo, outputOf, pageOfSteps } from '../../lib/history/steps.ts'
import type { RunEngine } from '../../lib/runs/engine.ts'
import type { JournalError } from '../../lib/runs/run.ts'
import type { RunAction } from '../../lib/runs/run-actions.ts'
import { answer, bodyOf } from '../kit/admin.ts'
import type { AdminRequest, Red } from '../kit/red.ts'
import { deployedEngine, deployedStores } from '../ysh-stores/deployed.ts'
import { Places } from './places.ts'

const answering = {
  patienceMs: 20_000,
  statuses: {
    FILTER_INVALID: 400,
    STORES_AMBIGUOUS: 400,
    RUN_UNKNOWN: 404,
    STEP_UNKNOWN: 404,
    NOT_DEPLOYED: 404,
    RUN_STATE: 409,
    RUN_QUEUE_FULL: 409,
    RUN_EXISTS: 409,
  },
}

/**
 * Endpoints for the side bar, the page and the command line. Each takes `stores`, the id of a deployed `ysh-stores`; without it the only
 * one is meant.
 *
 * - `GET ysh/history/stores`, `.../may` (204 for who may act), `.../overview`
 * - `GET ysh/history/runs?flow=&state=&before=`, `.../runs/<id>`, `.../runs/<id>/steps?after=&failed=`, `.../runs/<id>/output?node=&item=`
 * - `POST ysh/history/runs/<id>/resume`, `.../cancel`, `.../replay` with a JSON body: `reason`, `by`, `from`
 */
export function registerHistoryEndpoints(red: Red): void {
  const { httpAdmin, auth } = red
  const read = auth.needsPermission('ysh-run.read')
  const write = auth.needsPermission('ysh-run.write')

  /** A GET that reads from the stores. */
  function reads(path: string, work: (engine: RunEngine, request: AdminRequest) => Promise<unknown>): void {
    httpAdmin.get(`/ysh/history/${path}`, read, (request, response) => {
      response.setHeader('cache-control', 'no-store')
      answer(response, answering, async (signal) =>
        work(await deployedEngine(text(request.query.stores), signal), request),
      )
    })
  }
  /** A POST that does something to a run. */
  function acts(
    name: string,
    work: (engine: RunEngine, id: string, action: RunAction, from?: string) => Promise<unknown>,
  ): void {
    httpAdmin.post(`/ysh/history/runs/:id/${name}`, write, (request, response) =>
      answer(response, answering, async (signal) => {
        const { stores, by, reason, from } = bodyOf(request)
        const who = (request.user?.username ?? text(by) ?? 'editor').slice(0, 200)
        const engine = await deployedEngine(text(stores), signal)
        const why = text(reason)
        const action = { by: who, ...(why === undefined ? {} : { reason: why }) }
        return (await work(engine, runIdOf(request.params.id), action, text(from))) ?? {}
      }),
    )
  }

  httpAdmin.get('/ysh/history/stores', read, (_request, response) => {
    response.json({ stores: deployedStores().map(({ id, name = '' }) => ({ id, name })) })
  })
  httpAdmin.get('/ysh/history/may', write, (_request, response) => {
    response.status(204).end()
  })
  reads('overview', async (engine) => {
    const stand = await engine.read((q) => overview(q, engine.http, new Date()))
    const flows = [...stand.flows, ...stand.parked.map(({ flow }) => flow), ...stand.schedules.map(({ flow }) => flow)]
    return { ...stand, places: new Places(red).all(flows) }
  })
  reads('runs', async (engine, request) => {
    const { stores: _, limit, ...filter } = textsOf(request.query)
    const query = runsQuery.parse({ ...filter, ...(limit === undefined ? {} : { limit: Number(limit) }) })
    const page = await engine.read((q) => pageOfRuns(q, query))
    return { ...page, places: new Places(red).all(page.runs.map(({ flow }) => flow)) }
  })
  reads('runs/:id', async (engine, request) => {
    const details = await engine.read((q) => detailsOf(q, runIdOf(request.params.id)))
    const nodes = details.steps.steps.flatMap(({ node, recordedBy }) => [node, recordedBy ?? node])
    const errors = [
      details.error,
      ...details.steps.steps.map(({ error }) => error),
      ...details.letters.open.map(({ error }) => error),
    ]
    return {
      ...details,
      places: new Places(red).all([details.flow, ...nodes]),
      remedies: remediesOf(errors, languageOf(request)),
    }
  })
  reads('runs/:id/steps', async (engine, request) => {
    const { stores: _, failed, ...query } = textsOf(request.query)
    const asked = stepsQuery.parse({ ...query, run: request.params.id, ...(failed === 'true' ? { failed: true } : {}) })
    const page = await engine.read((q) => pageOfSteps(q, asked))
    return {
      ...page,
      places: new Places(red).all(page.steps.flatMap(({ node, recordedBy }) => [node, recordedBy ?? node])),
      remedies: remediesOf(
        page.steps.map(({ error }) => error),
        languageOf(request),
      ),
    }
  })
  reads('runs/:id/output', async (engine, request) => {
    const run = runIdOf(request.params.id)
    const { node = '', item = '' } = textsOf(request.query)
    const places = new Places(red)
    const given = await engine.read((q) => givenTo(q, run, item, places.before(node)))
    return {
      output: await engine.read((q) => outputOf(q, run, node, item)),
      ...(given === undefined ? {} : { given: { ...given, name: places.of(given.node).name } }),
    }
  })
  acts('resume', (engine, id, action) => engine.resume(id, action))
  acts('cancel', (engine, id, action) => engine.cancel(id, action))
  acts('replay', (engine, id, action, from) => engine.rerun(id, { ...action, ...(from === undefined ? {} : { from }) }))
}

/** What to do about each error, by code. */
function remediesOf(
  errors: readonly (Pick<JournalError, 'code' | 'retryable'> | null)[],
  language: RemedyLanguage,
): Record<string, string> {
  return Object.fromEntries(
    errors.flatMap((error) => (error === null ? [] : [[error.code, remedyFor(error, language)]])),
  )
}

/** `lang` of the address counts more than what the browser prefers. */
export function languageOf({ query, headers }: AdminRequest): RemedyLanguage {
  const wanted = text(query.lang) ?? headers['accept-language'] ?? ''
  return wanted.toLowerCase().startsWith('pt') ? 'pt-BR' : 'en-US'
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The parameters of an address that are texts and not blank, without the language. */
function textsOf(query: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => {
      const given = text(value)
      return given === undefined || name === 'lang' ? [] : [[name, given]]
    }),
  )
}
