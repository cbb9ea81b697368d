import { PipelineError } from '../../errors.ts'
import { GraphQLError } from '../../vendor/graphql.ts'
import { problemOf } from '../problem.ts'

/** Gets what callers must not see. */
export type Report = (error: PipelineError, id: string) => void

/**
 * An error as its caller may see it: a stable `extensions.code`, no stack, SQL, secret or path. Those of ours go by the table of problems;
 * what is wrong in the request itself is told in GraphQL's words; anything else is a fault here, and only its id goes out.
 */
export function shownError(error: unknown, report: Report): GraphQLError {
  const of = error instanceof GraphQLError ? error : undefined
  const place = {
    ...(of?.nodes === undefined ? {} : { nodes: of.nodes }),
    ...(of?.source === undefined ? {} : { source: of.source }),
    ...(of?.positions === undefined ? {} : { positions: of.positions }),
    ...(of?.path === undefined ? {} : { path: of.path }),
  }
  const fault = causeOf(error)
  if (fault !== undefined) {
    const { detail, code, retryable, id, problems } = problemOf(fault)
    if (id !== undefined) report(fault, id)
    const more = { ...(id === undefined ? {} : { id }), ...(problems === undefined ? {} : { problems }) }
    return new GraphQLError(detail, { ...place, extensions: { code, retryable, ...more } })
  }
  const message = error instanceof Error ? error.message : String(error)
  const given = of?.extensions.code
  if (given === 'GRAPHQL_LIMIT') return new GraphQLError(message, { ...place, extensions: { ...of?.extensions } })
  const code = of === undefined ? 'API_BODY' : message.startsWith('Syntax Error') ? 'GRAPHQL_SYNTAX' : 'GRAPHQL_INVALID'
  return new GraphQLError(message, { ...place, extensions: { code, retryable: false } })
}

/** What went wrong while a field was worked out; undefined when the request itself is wrong. */
function causeOf(error: unknown): PipelineError | undefined {
  for (let at = error; at instanceof Error; at = at instanceof GraphQLError ? at.originalError : undefined) {
    if (at instanceof PipelineError) return at
    // only what has a place in the answer was thrown by our own code
    if (!(at instanceof GraphQLError) && at !== error) return PipelineError.from(at)
  }
  return error instanceof GraphQLError && error.path !== undefined
    ? new PipelineError('UNEXPECTED', error.message)
    : undefined
}
