import { Names, pascal } from '../names.ts'

const maps: ReadonlySet<string> = new Set(['properties', '$defs'])
const data: ReadonlySet<string> = new Set(['default', 'const', 'enum', 'examples'])
const anyName = '^.*$'

/** Schemas with a name of their own, so that generated clients have types for them, and each is in the document once. */
export class NamedSchemas {
  readonly #names: Names
  readonly #byText = new Map<string, string>()
  /** What goes into `components.schemas`. */
  readonly schemas: Record<string, object> = {}

  constructor(taken: Record<string, object>) {
    this.#names = new Names(Object.keys(taken))
    Object.assign(this.schemas, taken)
  }

  /** A schema in which objects with a title are references; so is the whole, as `name`, when it is an object without one. */
  of(schema: object, name?: string): object {
    const found: Record<string, unknown> = {}
    for (const [key, value] of Object.entries(schema)) {
      const isAnyName = key === 'patternProperties' && Object.keys(value).join() === anyName
      // TypeBox's way to say this; most generators know only the other one
      if (isAnyName) found.additionalProperties = this.#within(value[anyName])
      else if (data.has(key)) found[key] = value
      else if (maps.has(key)) found[key] = mapped(value, (each) => this.#within(each))
      else found[key] = this.#within(value)
    }
    const { type, title, properties } = found
    const called = pascal(typeof title === 'string' ? title : (name ?? ''))
    return type === 'object' && properties !== undefined && called !== '' ? this.#reference(called, found) : found
  }

  #within(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#within(each))
    return typeof value === 'object' && value !== null ? this.of(value) : value
  }

  /** Equal schemas are one; different ones of one name get different names. */
  #reference(called: string, schema: object): object {
    const text = `${called} ${JSON.stringify(schema)}`
    const name = this.#byText.get(text) ?? this.#names.give(called, text)
    this.#byText.set(text, name)
    this.schemas[name] = schema
    return { $ref: `#/components/schemas/${name}` }
  }
}

function mapped(value: object, change: (each: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, change(each)]))
}
