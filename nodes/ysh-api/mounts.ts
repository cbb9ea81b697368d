import { PipelineError } from '../../lib/errors.ts'
import type { AdminRequest, AdminResponse, Red } from '../kit/red.ts'

/** Answers what comes to an address below a root; `path` stands below the root. */
export type MountHandler = (request: AdminRequest, response: AdminResponse, path: string) => void

/** The addresses of this process that somebody has, by their root. */
const roots = new Map<string, Root>()
let server: Red['httpNode']

/** A root and who answers below it. */
export class Root {
  readonly path: string
  readonly #mounts = new Map<string, MountHandler>()

  constructor(path: string) {
    this.path = path
  }

  /** Has what comes to `below` and under it (`''`: everything) answered; the longest one counts. Throws CONFIG when it is taken. */
  mount(below: string, handler: MountHandler): () => void {
    if (this.#mounts.has(below)) {
      throw new PipelineError('CONFIG', `Another node answers at ${this.path}${below} already`)
    }
    this.#mounts.set(below, handler)
    return () => {
      if (this.#mounts.get(below) === handler) this.#mounts.delete(below)
    }
  }

  handlerOf(path: string): MountHandler | undefined {
    let best: string | undefined
    for (const below of this.#mounts.keys()) {
      if (isBelow(path, below) && below.length >= (best?.length ?? 0)) best = below
    }
    return best === undefined ? undefined : this.#mounts.get(best)
  }
}

/**
 * Takes a root on the server of flows. One handler for all, made once: those of Express cannot be taken back. Returns the root and how to give
 * it back. Throws CONFIG when another node has it, or one above or below it, or the server is switched off.
 */
export function takeRoot(red: Pick<Red, 'httpNode' | 'settings'>, path: string): { root: Root; giveBack(): void } {
  if (red.httpNode === undefined || red.settings.httpNodeRoot === false) {
    throw new PipelineError(
      'CONFIG',
      'settings.js switches the server of flows off (httpNodeRoot): nothing can be served there',
    )
  }
  for (const taken of roots.keys()) {
    if (isBelow(path, taken) || isBelow(taken, path)) {
      throw new PipelineError('CONFIG', `Another node has the path ${taken}: each needs one of its own`)
    }
  }
  if (server !== red.httpNode) {
    server = red.httpNode
    server.use(dispatch)
  }
  const root = new Root(path)
  roots.set(path, root)
  return {
    root,
    giveBack() {
      if (roots.get(path) === root) roots.delete(path)
    },
  }
}

/** Whether a path is `root` or stands below it. */
export function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith('/') ? root : `${root}/`) || root === ''
}

function dispatch(request: AdminRequest, response: AdminResponse, next: (error?: unknown) => void): void {
  const url = request.url ?? '/'
  const end = url.indexOf('?')
  const path = end < 0 ? url : url.slice(0, end)
  for (const root of roots.values()) {
    if (!isBelow(path, root.path)) continue
    const below = path.slice(root.path.length)
    const handler = root.handlerOf(below)
    if (handler === undefined) continue
    handler(request, response, below)
    return
  }
  next()
}
