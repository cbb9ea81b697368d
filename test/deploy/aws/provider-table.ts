/**
 * Makes provider.json: what each resource and data source that deploy/aws uses accepts and gives, in the published schema of its provider. The
 * source are npm's @cdktn/provider-aws and @cdktn/provider-archive, whose bindings are made from those schemas and carry all of them. See verify.ts.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Argument, Block, Kind, ProviderTable, TypeOf } from './provider.ts'
import { loadModules } from './terraform.ts'

/** The table from the unpacked packages, by the prefix of their types (`aws`, `archive`). */
export async function makeTable(folders: Readonly<Record<string, string>>): Promise<ProviderTable> {
  const readme = readFileSync(join(folders.aws ?? '', 'README.md'), 'utf8')
  const version = /provider version ([\d.]+)/.exec(readme)?.[1] ?? ''
  const table: ProviderTable = { provider: 'hashicorp/aws', version, settings: {}, resource: {}, data: {} }
  const settings = readFileSync(join(folders.aws ?? '', 'lib', 'provider', 'index.js'), 'utf8')
  table.settings = new Bindings(settings).root().takes
  for (const { resources } of await loadModules()) {
    for (const { mode, type } of resources) {
      const [provider = '', ...words] = type.split('_')
      const place = `${mode === 'data' ? `data-${provider}-` : ''}${words.join('-')}`
      const file = join(folders[provider] ?? '', 'lib', place, 'index.js')
      table[mode][type] ??= new Bindings(readFileSync(file, 'utf8')).root()
    }
  }
  const rule = table.resource.aws_wafv2_web_acl?.takes.rule?.takes
  if (rule !== undefined) rule.statement = wafStatement
  for (const mode of ['resource', 'data'] as const) table[mode] = sorted(table[mode])
  return table
}

/** The bindings have `any` here, for statements stand in statements. By hand, from the provider's documentation: those that we use. */
const wafStatement: Argument = {
  ...{ required: true, block: true, nesting: 'list', most: 1 },
  takes: {
    rate_based_statement: {
      ...{ block: true, nesting: 'list', most: 1 },
      takes: { limit: { required: true, kind: 'number' }, aggregate_key_type: { kind: 'string' } },
    },
    managed_rule_group_statement: {
      ...{ block: true, nesting: 'list', most: 1 },
      takes: { name: { required: true, kind: 'string' }, vendor_name: { required: true, kind: 'string' } },
    },
  },
}

/** A line for each type, so that a difference shows which. */
export function tableText({ provider, version, settings, ...table }: ProviderTable): string {
  const lines = (types: object) => Object.entries(types).map(([name, type]) => `  ${JSON.stringify(name)}: ${JSON.stringify(type)}`)
  const part = (name: 'resource' | 'data') => ` ${JSON.stringify(name)}: {\n${lines(table[name]).join(',\n')}\n }`
  const head = Object.entries({ provider, version, settings }).map(([name, value]) => ` ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
  return `{\n${[...head, part('resource'), part('data')].join(',\n')}\n}\n`
}

const sorted = <Value>(of: Record<string, Value>) =>
  Object.fromEntries(Object.entries(of).sort(([one], [other]) => (one < other ? -1 : 1)))

interface Flags {
  computed: boolean
  optional: boolean
  required: boolean
  /** The code of its getter. */
  code: string
}

/** The bindings of one type, read as text: generated code, of one form. */
class Bindings {
  readonly #functions = new Map<string, string>()
  readonly #classes = new Map<string, string>()
  #main = ''

  constructor(code: string) {
    for (const part of code.split(/^(?=(?:export )?(?:function|class) )/m)) {
      const [, kind, name = '', base = ''] = /^(?:export )?(function|class) (\w+)(?: extends ([\w.]+))?/.exec(part) ?? []
      if (kind === 'function') this.#functions.set(name, part)
      if (kind === 'class') this.#classes.set(name, part)
      if (base.startsWith('cdktn.Terraform')) this.#main = part
    }
    if (this.#main === '') throw new Error('No type is in it')
  }

  root(): TypeOf {
    const block = this.#block(this.#main.slice(this.#main.indexOf('synthesizeHclAttributes()')), this.#main)
    const gives: TypeOf['gives'] = {}
    for (const [name, { computed, optional, code }] of flags(this.#main))
      if (computed && !optional && block.takes[name] === undefined) gives[name] = kindOf(code)
    return { ...block, gives: sorted(gives) }
  }

  #block(attributes: string, own: string): Block {
    const known = flags(own)
    const takes: Block['takes'] = {}
    const entry = /^\s+(\w+): \{\n\s+value: (.*),\n\s+isBlock: (true|false),\n\s+type: "(\w+)",\n\s+storageClassType: "(\w+)",/gm
    for (const [, name = '', value = '', isBlock, type = '', storage = ''] of attributes.matchAll(entry)) {
      const { required = false, computed = false } = known.get(name) ?? {}
      takes[name] = {
        ...(required ? { required } : {}),
        ...(computed ? { computed } : {}),
        ...this.#what(value, isBlock === 'true', type, storage),
      }
    }
    return { takes: sorted(takes) }
  }

  #what(value: string, isBlock: boolean, type: string, storage: string): Argument {
    const inner = /(\w+)ToHclTerraform/.exec(value.replace(/cdktn\.\w+/g, ''))?.[1]
    const code = inner === undefined ? undefined : this.#functions.get(`${inner}ToHclTerraform`)
    if (inner === undefined || code === undefined) return { kind: simple(type, storage) }
    const reference = `${inner[0]?.toUpperCase()}${inner.slice(1)}OutputReference`
    const block = this.#block(code, this.#classes.get(reference) ?? '')
    if (!isBlock) return { ...block, kind: 'dynamic' }
    const nesting = type === 'struct' ? 'single' : type === 'set' ? 'set' : 'list'
    return { ...block, block: true, nesting, ...(value.includes('istMapperHcl') ? {} : { most: 1 }) }
  }
}

/** What the comments of a class say of its attributes. */
function flags(code: string): Map<string, Flags> {
  const parts = code.matchAll(
    /^\s+\/\/ (\w+) - computed: (\w+), optional: (\w+), required: (\w+)\n([\s\S]*?)(?=^\s+\/\/ \w+ - computed|(?![\s\S]))/gm,
  )
  return new Map(
    [...parts].map(([, name = '', computed, optional, required, body = '']) => [
      name,
      { computed: computed === 'true', optional: optional === 'true', required: required === 'true', code: body },
    ]),
  )
}

function simple(type: string, storage: string): Kind {
  const element = /^(string|number|boolean)/.exec(storage)?.[1]?.replace('boolean', 'bool')
  if (element !== 'string' && element !== 'number' && element !== 'bool') return 'dynamic'
  if (type === 'simple') return element
  return type === 'list' || type === 'set' || type === 'map' ? [type, element] : 'dynamic'
}

function kindOf(code: string): Kind {
  const getter = /get(String|Number|Boolean)?(List|Map)?Attribute\(/.exec(code)
  if (getter === null) return 'dynamic'
  const element = getter[1] === 'Number' ? 'number' : getter[1] === 'Boolean' ? 'bool' : 'string'
  if (getter[2] === 'Map') return ['map', element]
  return getter[2] === 'List' ? [code.includes('Fn.tolist(') ? 'set' : 'list', element] : element
}
