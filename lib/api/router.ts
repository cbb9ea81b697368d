import { PipelineError } from '../errors.ts'
import { nearest } from './nearest.ts'
import type { AnyRoute } from './route.ts'

/** A route and what its placeholders stand for. */
export interface Match {
  route: AnyRoute
  params: Record<string, string>
}

interface Template {
  /** Null for a placeholder. */
  fixed: readonly (string | null)[]
  names: readonly string[]
  byMethod: Map<string, AnyRoute>
  path: string
}

/** Finds the route of a path. Throws API_PATH, API_NO_ROUTE, API_METHOD (with `details.allow`). */
export interface Router {
  find(method: string, path: string): Match
  /** Methods of a path, for Allow; undefined where there is no such path. */
  allow(path: string): string | undefined
}

/** Longest path that is looked at, in characters. */
const maxPath = 2_048

/** Makes a {@link Router}. Two routes of the same method and path are a mistake in the program and throw. */
export function createRouter(routes: readonly AnyRoute[]): Router {
  const templates = new Map<string, Template>()
  for (const route of routes) {
    const segments = route.path.split('/').slice(1)
    const fixed = segments.map((segment) => (segment.startsWith('{') ? null : segment))
    const key = fixed.map((segment) => segment ?? '{}').join('/')
    const template = templates.get(key) ?? {
      fixed,
      names: segments.filter((segment) => segment.startsWith('{')).map((segment) => segment.slice(1, -1)),
      byMethod: new Map<string, AnyRoute>(),
      path: route.path,
    }
    if (template.byMethod.has(route.method)) throw new Error(`two routes for ${route.method} ${route.path}`)
    template.byMethod.set(route.method, route)
    templates.set(key, template)
  }
  // a segment that is written out goes before a placeholder in its place
  const ordered = [...templates.values()].sort((a, b) => rank(a).localeCompare(rank(b)))

  function lookUp(path: string): { template: Template; values: string[] } | undefined {
    const segments = segmentsOf(path)
    for (const template of ordered) {
      if (template.fixed.length !== segments.length) continue
      const values: string[] = []
      const fits = template.fixed.every((wanted, at) => {
        const given = segments[at] ?? ''
        if (wanted !== null) return wanted === given
        values.push(given)
        return given !== ''
      })
      if (fits) return { template, values }
    }
    return undefined
  }

  return {
    find(method, path) {
      const found = lookUp(path)
      if (found === undefined) {
        const like = nearest(
          path,
          [...templates.values()].map((template) => template.path),
        )
        const hint = like === undefined ? '' : `; is ${like} meant?`
        throw new PipelineError('API_NO_ROUTE', `There is nothing at ${JSON.stringify(path.slice(0, 200))}${hint}`)
      }
      const { template, values } = found
      const route = template.byMethod.get(method)
      if (route === undefined) {
        const allow = methodsOf(template)
        throw new PipelineError('API_METHOD', `${template.path} takes ${allow}`, { details: { allow } })
      }
      return { route, params: Object.fromEntries(template.names.map((name, at) => [name, values[at] ?? ''])) }
    },
    allow(path) {
      const found = lookUp(path)
      return found === undefined ? undefined : methodsOf(found.template)
    },
  }
}

const rank = ({ fixed }: Template) => fixed.map((segment) => (segment === null ? '1' : '0')).join('')

function methodsOf({ byMethod }: Template): string {
  return [...byMethod.keys(), ...(byMethod.has('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
}

/** Decoded segments; a slash at the end does not count. Throws API_PATH. */
function segmentsOf(path: string): string[] {
  if (path.length > maxPath) throw new PipelineError('API_PATH', `The path is longer than ${maxPath} characters`)
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(1, -1) : path.slice(1)
  try {
    const segments = trimmed.split('/').map((segment) => decodeURIComponent(segment))
    if (segments.some((segment) => segment.includes('\0'))) throw new Error('NUL')
    return segments
  } catch {
    throw new PipelineError('API_PATH', 'The path is not rightly percent-encoded')
  }
}
