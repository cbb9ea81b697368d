import type { ApiKey } from '../api/access/keys.ts'
import { PipelineError } from '../errors.ts'
import type { Letter } from '../runs/letter.ts'
import { LetterErrorSchema } from '../runs/letter.ts'
import type { DiscardAnswer, RedriveAnswer, Refused } from '../runs/letter-settle.ts'
import type { RunRow } from '../runs/run.ts'
import type { RunReplay } from '../runs/run-actions.ts'
import { type Parser, parser, type Schema, Type } from '../schema.ts'
import { endAfter } from '../stopped.ts'
import type { NodeRedAccess } from './options.ts'
import type { ShownRun, Target } from './target.ts'

const patienceMs = 30_000

// What the tables read is checked; the rest of a row is passed on as it came.
const LetterSchema = Type.Unsafe<Letter>(
  Type.Object({
    id: Type.String(),
    kind: Type.String(),
    flow: Type.String(),
    key: Type.String(),
    error: LetterErrorSchema,
    attempts: Type.Integer(),
    state: Type.String(),
    createdAt: Type.String(),
  }),
)
const run = {
  id: Type.String(),
  flow: Type.String(),
  slot: Type.String(),
  state: Type.String(),
  createdAt: Type.String(),
}
const refused = Type.Array(
  Type.Unsafe<Refused>(Type.Object({ id: Type.String(), code: Type.String(), message: Type.String() })),
)
const answers = <S extends Schema>(schema: S) => parser(schema, 'The answer of Node-RED', 'CLI_NODE_RED')
const lists = answers(Type.Object({ letters: Type.Array(LetterSchema), total: Type.Integer() }))
const letters = answers(LetterSchema)
const redrives = answers(
  Type.Unsafe<RedriveAnswer>(
    Type.Object({ redriven: Type.Integer(), runs: Type.Array(Type.Object({ id: Type.String() })), refused }),
  ),
)
const discards = answers(Type.Unsafe<DiscardAnswer>(Type.Object({ discarded: Type.Integer(), refused })))
const runLists = answers(Type.Object({ runs: Type.Array(Type.Unsafe<RunRow>(Type.Object(run))) }))
const shownRuns = answers(
  Type.Unsafe<ShownRun>(Type.Object({ ...run, steps: Type.Array(Type.Object({ node: Type.String() })) })),
)
const replays = answers(Type.Unsafe<RunReplay>(Type.Object({ id: Type.String(), slot: Type.String() })))
const nothing = answers(Type.Object({}))
const KeySchema = Type.Unsafe<ApiKey>(
  Type.Object({
    ...{ id: Type.String(), name: Type.String(), createdAt: Type.String() },
    scopes: Type.Array(Type.String()),
  }),
)
const keyLists = answers(Type.Object({ keys: Type.Array(KeySchema) }))
const newKeys = answers(Type.Object({ key: Type.String(), row: KeySchema }))
const shownKeys = answers(KeySchema)
const tokens = answers(Type.Object({ access_token: Type.String() }))
const errors = answers(Type.Object({ code: Type.String(), message: Type.String() }))

/** Requests to the admin endpoints of a Node-RED, with what they answer. */
export interface Admin {
  get<T>(path: string, query: Record<string, unknown>, answer: Parser<T>): Promise<T>
  post<T>(path: string, body: Record<string, unknown>, answer: Parser<T>): Promise<T>
}

/** The admin endpoints of a running Node-RED. Logs in when user and password are given. Throws CLI_NODE_RED. */
export async function adminOf({ url, token, user, password, stores }: NodeRedAccess): Promise<Admin> {
  const bearer = token ?? (user === undefined ? undefined : await login(url, user, password ?? ''))
  const headers: Record<string, string> = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }

  async function get<T>(path: string, query: Record<string, unknown>, answer: Parser<T>): Promise<T> {
    const address = new URL(path, url)
    for (const [name, value] of Object.entries({ ...query, stores })) {
      if (value !== undefined) address.searchParams.set(name, String(value))
    }
    return answer.parse(await ask(address, { headers }))
  }
  async function post<T>(path: string, body: Record<string, unknown>, answer: Parser<T>): Promise<T> {
    const sent = { ...headers, 'content-type': 'application/json' }
    return answer.parse(
      await ask(new URL(path, url), { method: 'POST', headers: sent, body: JSON.stringify({ ...body, stores }) }),
    )
  }
  return { get, post }
}

/** A target over the admin endpoints of a running Node-RED. Logs in when user and password are given. Throws CLI_NODE_RED. */
export async function openNodeRed(to: NodeRedAccess): Promise<Target> {
  const { get, post } = await adminOf(to)
  return {
    list: (filter) => get('ysh/dead-letters', filter, lists),
    show: (id) => get(`ysh/dead-letters/${encodeURIComponent(id)}`, {}, letters),
    // That something is meant was checked here.
    redrive: (filter, by) => post('ysh/dead-letters/redrive', { ...filter, all: true, by }, redrives),
    discard: (filter, by, reason) => post('ysh/dead-letters/discard', { ...filter, all: true, by, reason }, discards),
    runs: async ({ states, ...filter }) => (await get('ysh/runs', { ...filter, state: states?.[0] }, runLists)).runs,
    run: (id) => get(`ysh/runs/${encodeURIComponent(id)}`, {}, shownRuns),
    resume: async (id, action) => {
      await post(`ysh/history/runs/${encodeURIComponent(id)}/resume`, { ...action }, nothing)
    },
    cancel: async (id, action) => {
      await post(`ysh/history/runs/${encodeURIComponent(id)}/cancel`, { ...action }, nothing)
    },
    replay: (id, action) => post(`ysh/history/runs/${encodeURIComponent(id)}/replay`, { ...action }, replays),
    keys: async () => (await get('ysh/api/keys', {}, keyLists)).keys,
    createKey: (wanted, by) => post('ysh/api/keys', { ...wanted, by }, newKeys),
    revokeKey: (id) => post(`ysh/api/keys/${encodeURIComponent(id)}/revoke`, {}, shownKeys),
    close: async () => {},
  }
}

async function login(url: string, username: string, password: string): Promise<string> {
  const body = new URLSearchParams({
    client_id: 'node-red-admin',
    grant_type: 'password',
    scope: '*',
    username,
    password,
  })
  return tokens.parse(await ask(new URL('auth/token', url), { method: 'POST', body })).access_token
}

async function ask(address: URL, init: RequestInit): Promise<unknown> {
  const where = `${address.origin}${address.pathname}`
  let response: Response
  let text: string
  try {
    // A redirect could take the token elsewhere.
    response = await fetch(address, { ...init, redirect: 'error', signal: endAfter(patienceMs) })
    text = await response.text()
  } catch (cause) {
    const why =
      cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : String(cause)
    throw new PipelineError('CLI_NODE_RED', `${where} cannot be reached: ${why}`, { retryable: true, cause })
  }
  const body = json(text)
  if (response.ok && body !== undefined) return body
  if (response.status === 401 || response.status === 403) {
    const how =
      response.status === 403
        ? 'this login may not do that'
        : 'give --token, or YSH_NODE_RED_USER and YSH_NODE_RED_PASSWORD'
    throw new PipelineError('CLI_NODE_RED', `Node-RED refuses (${response.status}): ${how}`)
  }
  if (errors.problems(body).length === 0) {
    const { code, message } = errors.parse(body)
    throw new PipelineError(code, message)
  }
  const hint = response.status === 404 ? '; is this package installed there?' : ''
  throw new PipelineError('CLI_NODE_RED', `${where} answered HTTP ${response.status}${hint}`)
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // said by the caller
  }
}
