import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import { type JsonSchema, TypeText } from './type-text.ts'

/** What is wrong with a body by Qdrant's API description, in words; empty when nothing is. */
export type BodyCheck = (body: unknown) => string[]

/** One operation of Qdrant's REST API. */
export interface Operation {
  name: string
  request: BodyCheck
  response: BodyCheck
}

/** Qdrant's published API description, as the installed client carries it: made into JSON schemas when first asked. */
export class QdrantApi {
  readonly #ajv = new Ajv({ allErrors: true, strict: false, validateSchema: false, logger: false })
  readonly #paths: { pattern: RegExp; methods: Map<string, string> }[] = []
  readonly #operations: Map<string, JsonSchema>
  readonly #checks = new Map<string, Operation>()
  /** How many types there are. */
  readonly types: number

  constructor() {
    const client = dirname(dirname(createRequire(import.meta.url).resolve('@qdrant/js-client-rest')))
    const text = readFileSync(join(client, 'types', 'openapi', 'generated_schema.d.ts'), 'utf8')
    const schemas = new TypeText(text).objectAfter(['interface', 'components'])
    const types = Object(schemas.get('schemas')?.properties)
    this.types = Object.keys(types).length
    this.#ajv.addSchema({ $id: 'components', components: { schemas: types } })
    this.#operations = new TypeText(text).objectAfter(['interface', 'operations'])
    for (const [path, schema] of new TypeText(text).objectAfter(['interface', 'paths'])) {
      const methods = Object.entries(Object(schema.properties)).map(
        ([method, operation]) => [method, String(Object(operation).$ref).split('/').at(-1) ?? ''] as const,
      )
      const pattern = new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '([^/]+)')}$`)
      this.#paths.push({ pattern, methods: new Map(methods) })
    }
  }

  /** The operation of a request, and what stands in its path. */
  find(method: string, path: string): { operation: Operation; parts: string[] } | undefined {
    for (const { pattern, methods } of this.#paths) {
      const match = pattern.exec(path)
      const name = methods.get(method.toLowerCase())
      if (match !== null && name !== undefined) return { operation: this.#operation(name), parts: match.slice(1) }
    }
    return undefined
  }

  #operation(name: string): Operation {
    const known = this.#checks.get(name)
    if (known !== undefined) return known
    const operation = this.#operations.get(name)
    const made = {
      name,
      request: this.#check(json(within(operation, 'requestBody'))),
      response: this.#check(json(within(within(operation, 'responses'), '200'))),
    }
    this.#checks.set(name, made)
    return made
  }

  #check(schema: JsonSchema | undefined): BodyCheck {
    if (schema === undefined) return (body) => (body === undefined ? [] : ['there must be no body'])
    const validate: ValidateFunction = this.#ajv.compile(
      JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"components#/')),
    )
    return (body) => {
      if (validate(body)) return []
      // The deepest ones say most; the others are the options of a union that were not meant.
      const errors = [...(validate.errors ?? [])].sort((a, b) => b.instancePath.length - a.instancePath.length)
      return errors
        .slice(0, 6)
        .map((error) => `${error.instancePath || '/'} ${error.message} ${JSON.stringify(error.params)}`)
    }
  }
}

function within(schema: JsonSchema | undefined, property: string): JsonSchema | undefined {
  return Object(schema?.properties)[property]
}

function json(schema: JsonSchema | undefined): JsonSchema | undefined {
  return within(within(schema, 'content'), 'application/json')
}
