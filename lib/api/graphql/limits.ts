import {
  type ASTVisitor,
  type DocumentNode,
  fieldExtensionsEstimator,
  GraphQLError,
  type GraphQLSchema,
  getComplexity,
  maxDepthRule,
  NoSchemaIntrospectionCustomRule,
  parse,
  simpleEstimator,
  type ValidationContext,
  type ValidationRule,
} from '../../vendor/graphql.ts'

/** Bounds of one request. */
export interface GraphqlLimits {
  /** Fields within fields. */
  depth: number
  /** Rows asked for times fields asked for of each, and 50 for each statement. */
  cost: number
  /** Fields with another name: without this one a field could stand in a request a thousand times. */
  aliases: number
  /** Words and signs of the text. */
  tokens: number
}

/** What nobody has set otherwise. A page of 1,000 rows with 40 columns fits. */
export const usualLimits: GraphqlLimits = { depth: 8, cost: 50_000, aliases: 20, tokens: 1_000 }

/** The whole schema, which a tool asks for at its start. */
const introspectionCost = 20_000
/** Nodes that the cost is worked out over, fragments unfolded. */
const mostNodes = 20_000

/** A refusal by one of the limits. */
function limitError(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'GRAPHQL_LIMIT', retryable: false } })
}

/** Reads a request's text. Throws a GraphQLError. */
export function parseBounded(text: string, { tokens }: GraphqlLimits): DocumentNode {
  try {
    return parse(text, { maxTokens: tokens })
  } catch (error) {
    if (error instanceof GraphQLError && error.message.includes('tokens. Parsing aborted')) {
      throw limitError(`The request has more than ${tokens} tokens`)
    }
    if (error instanceof RangeError) throw limitError('The request is nested too deeply')
    throw error
  }
}

/** Rules that come before those of GraphQL itself, whose work grows with the square of what is repeated. `introspection`: whether the caller may read the schema. */
export function limitRules(limits: GraphqlLimits, { introspection }: { introspection: boolean }): ValidationRule[] {
  return [
    (context) => depthRule(context, limits.depth),
    (context) => aliasRule(context, limits.aliases),
    ...(introspection ? [] : [NoSchemaIntrospectionCustomRule]),
  ]
}

function depthRule(context: ValidationContext, depth: number): ASTVisitor {
  const refuse = () => context.reportError(limitError(`The request is more than ${depth} fields deep`))
  // thrown it would end the request as a fault of ours
  return maxDepthRule({ n: depth, flattenFragments: true, propagateOnRejection: false, onReject: [refuse] })(context)
}

function aliasRule(context: ValidationContext, most: number): ASTVisitor {
  let aliases = 0
  let repeats = 0
  let isRefused = false
  return {
    Field(node) {
      if (node.alias === undefined) return
      aliases += 1
      if (aliases === most + 1) context.reportError(limitError(`The request has more than ${most} aliases`))
    },
    SelectionSet({ selections }) {
      const names = selections.flatMap((each) => ('name' in each && each.name !== undefined ? [each.name.value] : []))
      repeats += names.length - new Set(names).size
      if (repeats <= most || isRefused) return
      isRefused = true
      context.reportError(limitError(`The request has the same field more than ${most} times`))
    },
  }
}

/** A valid request. */
export interface Priced {
  schema: GraphQLSchema
  document: DocumentNode
  variables?: Record<string, unknown> | null | undefined
  operationName?: string | null | undefined
}

/**
 * What a valid request costs, before it is carried out: variables, defaults and fragments counted in. Throws a GraphQLError when that is too
 * much, or when the variables are wrong.
 */
export function checkCost(request: Priced, limits: GraphqlLimits): number {
  const cost = costOf(request)
  if (cost <= limits.cost) return cost
  throw limitError(
    `The request costs ${cost}, but at most ${limits.cost} can be asked for: fewer rows (\`first\`) or fewer fields`,
  )
}

function costOf({ schema, document, variables, operationName }: Priced): number {
  try {
    return getComplexity({
      schema,
      query: document,
      variables: variables ?? {},
      ...(typeof operationName === 'string' ? { operationName } : {}),
      maxQueryNodes: mostNodes,
      estimators: [
        ({ field, childComplexity }) => (field.name === '__schema' ? introspectionCost + childComplexity : undefined),
        fieldExtensionsEstimator(),
        simpleEstimator({ defaultComplexity: 1 }),
      ],
    })
  } catch (error) {
    if (error instanceof GraphQLError && error.message.includes('number of nodes')) {
      throw limitError(`With its fragments unfolded the request has more than ${mostNodes} fields`)
    }
    throw error
  }
}
