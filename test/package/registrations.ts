import { readFileSync } from 'node:fs'
import { type Node, type Property, parse } from 'acorn'

/** What the Flow Library reads from a node's HTML, without running it. */
export interface Registration {
  type: string
  /** Values of the properties that have to be literals. */
  literals: Record<string, unknown>
  /** Names of the defaults. */
  defaults: string[]
  credentials: string[]
  /** Number of parameters of each validator. */
  validators: Record<string, number>
}

const mustBeLiteral = ['category', 'color', 'icon', 'inputs', 'outputs']

/**
 * The registrations in an HTML file, read as the Flow Library and `node-red-dev validate` do: every script of type text/javascript
 * parsed as a script, `registerType` with a literal type and an inline object. Throws where they would report an error.
 */
export function registrationsIn(file: string): Registration[] {
  const html = readFileSync(file, 'utf8')
  const found: Registration[] = []
  for (const [, code = ''] of html.matchAll(/<script.+?type=['"]text\/javascript['"].*?>([\S\s]*?)<\/script>/gi)) {
    for (const call of calls(parse(code, { ecmaVersion: 'latest', sourceType: 'script' }))) {
      const [type, definition] = call
      if (type?.type !== 'Literal' || !('value' in type)) throw new Error(`${file}: the type is no literal`)
      if (definition?.type !== 'ObjectExpression') throw new Error(`${file}: the definition is no inline object`)
      found.push(registration(file, String(type.value), propertiesOf(definition)))
    }
  }
  return found
}

function registration(file: string, type: string, properties: Property[]): Registration {
  const literals: Record<string, unknown> = {}
  const result: Registration = { type, literals, defaults: [], credentials: [], validators: {} }
  for (const { key, value } of properties) {
    const name = nameOf(key)
    if (mustBeLiteral.includes(name)) {
      if (value.type !== 'Literal' || !('value' in value)) throw new Error(`${file}: ${name} is not inline`)
      literals[name] = value.value
    }
    if (name === 'defaults' || name === 'credentials') {
      if (value.type !== 'ObjectExpression') throw new Error(`${file}: ${name} are not inline`)
      for (const entry of propertiesOf(value)) {
        result[name].push(nameOf(entry.key))
        if (name === 'defaults') Object.assign(result.validators, validatorOf(entry))
      }
    }
  }
  return result
}

function validatorOf({ key, value }: Property): Record<string, number> {
  const validate = propertiesOf(value).find((property) => nameOf(property.key) === 'validate')?.value
  if (validate === undefined) return {}
  return validate.type === 'FunctionExpression' ? { [nameOf(key)]: validate.params.length } : { [nameOf(key)]: -1 }
}

function propertiesOf(node: Node): Property[] {
  return 'properties' in node && Array.isArray(node.properties) ? node.properties : []
}

/** The library takes `key.name`: a quoted key has none. */
function nameOf(key: Node): string {
  return 'name' in key ? String(key.name) : ''
}

/** The arguments of each call of something named `registerType`. */
function calls(node: unknown): Node[][] {
  if (typeof node !== 'object' || node === null) return []
  const inner = Object.values(node).flatMap(calls)
  if (!('type' in node) || node.type !== 'CallExpression' || !('callee' in node) || !('arguments' in node)) return inner
  const { callee } = node
  const property = typeof callee === 'object' && callee !== null && 'property' in callee ? callee.property : undefined
  const named =
    typeof property === 'object' && property !== null && 'name' in property && property.name === 'registerType'
  return named && Array.isArray(node.arguments) ? [node.arguments, ...inner] : inner
}
