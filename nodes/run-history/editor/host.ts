/** Where the view lives: the side bar of the editor, or the page. */
export interface Host {
  language: 'en-US' | 'pt-BR'
  /** Address of Node-RED's admin root, with a slash at its end. */
  root: string
  /** The access token of who is logged in. */
  token(): string | undefined
  /** Whether anybody sees the view. */
  visible(): boolean
  /**
   * Shows a node on the canvas: of those further in (`inside`) the one on the tab that is open, as the debug messages of Node-RED do, else the
   * outermost. Returns false where it is not in the editor any more.
   */
  reveal(canvas: string, inside: readonly string[]): boolean
  /** Nobody is logged in, or not any more. */
  refused(): void
}

/** Why a request failed. */
export class AskError extends Error {
  readonly code: string
  readonly status: number

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

const patienceMs = 25_000

/** Asks the endpoints under `ysh/`. Throws {@link AskError}. */
export function createAsk(host: Host) {
  /** Id of the stores, when several are deployed. */
  let stores = ''

  async function send(path: string, query: Record<string, string>, init: RequestInit): Promise<unknown> {
    const search = new URLSearchParams({ ...query, lang: host.language })
    if (stores !== '') search.set('stores', stores)
    const token = host.token()
    const headers = new Headers(init.headers)
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
    let response: Response
    try {
      const signal = AbortSignal.timeout(patienceMs)
      response = await fetch(`${host.root}ysh/${path}?${search}`, { ...init, headers, signal })
    } catch (thrown) {
      throw new AskError(0, 'UNREACHABLE', thrown instanceof Error ? thrown.message : String(thrown))
    }
    if (response.status === 204) return undefined
    const body: unknown = await response.json().catch(() => undefined)
    if (response.ok) return body
    const { code, message }: { code?: unknown; message?: unknown } = Object(body)
    if (response.status === 401 && init.method !== 'POST' && path !== 'history/may') host.refused()
    throw new AskError(
      response.status,
      typeof code === 'string' ? code : `HTTP_${response.status}`,
      typeof message === 'string' ? message : `HTTP ${response.status}`,
    )
  }

  return {
    choose(id: string): void {
      stores = id
    },
    // What comes back was made by the same version of this package: the types are those of its module.
    get: (path: string, query: Record<string, string> = {}): Promise<unknown> => send(path, query, {}),
    post: (path: string, body: Record<string, unknown>): Promise<unknown> =>
      send(
        path,
        {},
        {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ...body, ...(stores === '' ? {} : { stores }) }),
        },
      ),
  }
}

/** See {@link createAsk}. */
export type Ask = ReturnType<typeof createAsk>
