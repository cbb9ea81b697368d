/** A JSON schema. */
export type JsonSchema = { [keyword: string]: unknown }

/** Types of TypeScript as openapi-typescript writes them, read into JSON schemas. */
export class TypeText {
  readonly #tokens: string[]
  #at = 0

  constructor(text: string) {
    const bare = text.replaceAll(/\/\*[\s\S]*?\*\//g, '')
    this.#tokens = bare.match(/"(?:[^"\\]|\\.)*"|[A-Za-z_$][\w$]*|-?\d+(?:\.\d+)?|[^\s\w]/g) ?? []
  }

  /** Reads on at the `{` after these words, to the end of the object. */
  objectAfter(words: readonly string[]): Map<string, JsonSchema> {
    for (let index = 0; index < this.#tokens.length; index += 1) {
      if (!words.every((word, offset) => this.#tokens[index + offset] === word)) continue
      this.#at = index + words.length
      return this.#members().properties
    }
    throw new Error(`no ${words.join(' ')} in the client's types`)
  }

  get #token(): string {
    return this.#tokens[this.#at] ?? ''
  }

  #take(expected?: string): string {
    const token = this.#token
    if (expected !== undefined && token !== expected) {
      throw new Error(`expected ${expected}, got ${this.#tokens.slice(this.#at - 8, this.#at + 4).join(' ')}`)
    }
    this.#at += 1
    return token
  }

  #accept(token: string): boolean {
    if (this.#token !== token) return false
    this.#at += 1
    return true
  }

  #members(): { properties: Map<string, JsonSchema>; required: string[]; index: JsonSchema | undefined } {
    const properties = new Map<string, JsonSchema>()
    const required: string[] = []
    let index: JsonSchema | undefined
    this.#take('{')
    while (!this.#accept('}')) {
      if (this.#accept('[')) {
        while (!this.#accept(']')) this.#take()
        this.#take(':')
        index = this.#type()
      } else {
        const name = unquoted(this.#take())
        if (!this.#accept('?')) required.push(name)
        this.#take(':')
        properties.set(name, this.#type())
      }
      this.#accept(';')
    }
    return { properties, required, index }
  }

  #type(): JsonSchema {
    this.#accept('|')
    const options = [this.#intersection()]
    while (this.#accept('|')) options.push(this.#intersection())
    return union(options)
  }

  #intersection(): JsonSchema {
    const parts = [this.#postfix()]
    while (this.#accept('&')) parts.push(this.#postfix())
    const [only] = parts
    // Each part knows only its own properties.
    return parts.length === 1 && only !== undefined ? only : { allOf: parts.map(opened) }
  }

  #postfix(): JsonSchema {
    let schema = this.#primary()
    while (this.#accept('[')) {
      if (this.#accept(']')) {
        schema = { type: 'array', items: schema }
        continue
      }
      // A place in another type: components["schemas"]["X"], operations["x"].
      schema = { $ref: `${String(schema.$ref ?? '')}/${unquoted(this.#take())}` }
      this.#take(']')
    }
    return schema
  }

  #primary(): JsonSchema {
    if (this.#accept('(')) {
      const schema = this.#type()
      this.#take(')')
      return schema
    }
    if (this.#token === '{') return this.#object()
    if (this.#accept('[')) return { prefixItems: this.#list(']') }
    const token = this.#take()
    if (token.startsWith('"')) return { const: unquoted(token) }
    if (/^-?\d/.test(token)) return { const: Number(token) }
    const basic = BASIC.get(token)
    if (basic !== undefined) return basic
    if (token === 'OneOf') {
      this.#take('<')
      this.#take('[')
      const options = this.#list(']')
      this.#take('>')
      return { anyOf: options }
    }
    if (token === 'Record') {
      this.#take('<')
      const [, value] = this.#list('>')
      return value?.not === undefined ? { type: 'object', [EMPTY_OBJECT]: true } : { type: 'object', maxProperties: 0 }
    }
    if (token === 'components' || token === 'operations') return { $ref: `#/${token}` }
    throw new Error(`the type ${token} is not known here`)
  }

  #list(end: string): JsonSchema[] {
    const items: JsonSchema[] = []
    while (!this.#accept(end)) {
      items.push(this.#type())
      this.#accept(',')
    }
    return items
  }

  #object(): JsonSchema {
    const { properties, required, index } = this.#members()
    return {
      type: 'object',
      properties: Object.fromEntries(properties),
      ...(required.length === 0 ? {} : { required }),
      additionalProperties: index ?? false,
    }
  }
}

const BASIC = new Map<string, JsonSchema>([
  ['string', { type: 'string' }],
  ['number', { type: 'number' }],
  ['boolean', { type: 'boolean' }],
  ['null', { type: 'null' }],
  ['unknown', {}],
  ['never', { not: {} }],
  ['undefined', { not: {} }],
])

/** Marks an object of anything, which in a union with null is what the generator made of a bare `nullable: true`. */
const EMPTY_OBJECT = 'x-anything'

function union(options: JsonSchema[]): JsonSchema {
  const [only, second] = options
  if (options.length === 1 && only !== undefined) return only
  if (options.length === 2 && only?.[EMPTY_OBJECT] === true && second?.type === 'null') return { type: 'null' }
  return { anyOf: options }
}

function opened(schema: JsonSchema): JsonSchema {
  if (schema.additionalProperties !== false) return schema
  const { additionalProperties: _closed, ...rest } = schema
  return rest
}

function unquoted(token: string): string {
  return token.startsWith('"') ? String(JSON.parse(token)) : token
}
