import { parser, Type } from '../../schema.ts'
import {
  GraphQLBoolean,
  type GraphQLFieldConfigMap,
  GraphQLFloat,
  type GraphQLInputType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLScalarType,
  GraphQLString,
} from '../../vendor/graphql.ts'
import type { GraphqlContext } from './context.ts'
import { Names, pascal } from './names.ts'
import { ProvenanceType } from './provenance.ts'
import { BigInt64, DateText, DateTime, JsonValue } from './scalars.ts'

/** What of a JSON Schema matters here; anything else is left to the route's own check. */
const NodeSchema = Type.Object({
  type: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
  title: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
  format: Type.Optional(Type.String()),
  maximum: Type.Optional(Type.Number()),
  const: Type.Optional(Type.Unknown()),
  enum: Type.Optional(Type.Array(Type.Unknown())),
  default: Type.Optional(Type.Unknown()),
  anyOf: Type.Optional(Type.Array(Type.Unknown())),
  items: Type.Optional(Type.Unknown()),
  properties: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  required: Type.Optional(Type.Array(Type.String())),
})
const nodes = parser(NodeSchema, 'A JSON Schema of a route')

/** A schema as it is read here, and the schema itself. */
interface Read {
  /** Without null. */
  types: readonly string[]
  nullable: boolean
  values: readonly unknown[]
  node: ReturnType<typeof nodes.parse>
}

/** Objects within objects; what is below is JSON. */
const deepest = 8
const largestInt = 2 ** 31 - 1

/** Turns JSON Schemas into GraphQL types; the same schema gives the same type. */
export class JsonTypes {
  readonly #names: Names
  readonly #known = new Map<string, GraphQLOutputType>()

  constructor(names: Names) {
    this.#names = names
  }

  /** The type of an answer, not null unless the schema allows it. `name` is what an object is called that has no title. */
  output(schema: unknown, name: string, depth = 0): GraphQLOutputType {
    const read = readSchema(schema)
    const type = this.#plain(read, name, depth)
    return read.nullable || type === JsonValue ? type : new GraphQLNonNull(type)
  }

  /** The type of an argument. Those with a default, and those that are not required, may be left out. */
  input(schema: unknown, required: boolean): GraphQLInputType {
    const read = readSchema(schema)
    const { items } = read.node
    const type =
      read.types[0] === 'array' && items !== undefined
        ? new GraphQLList(new GraphQLNonNull(scalar(readSchema(items))))
        : scalar(read)
    return required && !read.nullable && read.node.default === undefined ? new GraphQLNonNull(type) : type
  }

  #plain(read: Read, name: string, depth: number): Exclude<GraphQLOutputType, GraphQLNonNull<never>> {
    const { node, types } = read
    if (types.length === 1 && types[0] === 'array' && node.items !== undefined) {
      return new GraphQLList(this.output(node.items, name, depth))
    }
    const properties = Object.keys(node.properties ?? {})
    if (types.length !== 1 || types[0] !== 'object' || properties.length === 0 || depth >= deepest) return scalar(read)
    if (properties.sort().join() === provenance) return ProvenanceType
    const key = JSON.stringify(node)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const type = this.#object(node, name, depth)
    this.#known.set(key, type)
    return type
  }

  #object(node: Read['node'], name: string, depth: number): GraphQLObjectType<Record<string, unknown>, GraphqlContext> {
    const called = this.#names.give(pascal(node.title ?? name) || pascal(name), name)
    const own = new Names()
    const fields: GraphQLFieldConfigMap<Record<string, unknown>, GraphqlContext> = {}
    for (const [property, schema] of Object.entries(node.properties ?? {})) {
      const type = this.output(schema, `${called} ${property}`, depth + 1)
      const required = node.required?.includes(property) === true
      const { description } = readSchema(schema).node
      fields[own.give(property, property)] = {
        type: required || !(type instanceof GraphQLNonNull) ? type : type.ofType,
        ...(description === undefined ? {} : { description }),
        resolve: (source) => (Object.hasOwn(source, property) ? (source[property] ?? null) : null),
      }
    }
    return new GraphQLObjectType({
      name: called,
      ...(node.description === undefined ? {} : { description: node.description }),
      fields,
    })
  }
}

const provenance = Object.keys(ProvenanceType.getFields()).sort().join()

function readSchema(schema: unknown): Read {
  const node = nodes.parse(schema)
  const branches = (node.anyOf ?? []).map(readSchema)
  const typeless = (types: string | string[] | undefined) => (types === undefined ? [] : [types].flat())
  const found = [...typeless(node.type), ...branches.flatMap((branch) => (branch.nullable ? ['null'] : []))]
  const nullable = found.includes('null')
  const rest = branches.filter(({ types }) => types.length > 0)
  // "this or null" is this
  const [only, ...more] = rest
  if (only !== undefined && more.length === 0) {
    return { ...only, nullable, node: { ...only.node, ...(node.description ? { description: node.description } : {}) } }
  }
  const values = [
    ...(node.const === undefined ? [] : [node.const]),
    ...(node.enum ?? []),
    ...branches.flatMap(({ values }) => values),
  ]
  const own = found.filter((type) => type !== 'null')
  const types = [...new Set([...own, ...rest.flatMap((branch) => branch.types), ...kinds(own, rest, values)])]
  return { types, nullable: nullable || values.includes(null), values, node }
}

/** An enumeration without a type has that of its values. */
function kinds(own: readonly string[], rest: readonly Read[], values: readonly unknown[]): string[] {
  if (own.length > 0 || rest.length > 0) return []
  return [...new Set(values.filter((value) => value !== null).map((value) => typeof value))]
}

function scalar({ types, node, values }: Read): GraphQLScalarType {
  const [type, ...more] = types
  if (type === undefined || more.length > 0) return JsonValue
  if (type === 'string') {
    // values are shown, not made an enumeration: a route may take them in other letters than GraphQL allows
    if (values.length > 0) return GraphQLString
    if (node.format === 'date') return DateText
    return node.format === 'date-time' ? DateTime : GraphQLString
  }
  if (type === 'integer') return node.maximum !== undefined && node.maximum <= largestInt ? GraphQLInt : BigInt64
  if (type === 'number') return GraphQLFloat
  return type === 'boolean' ? GraphQLBoolean : JsonValue
}
