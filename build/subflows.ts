import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type SubflowDeclaration, type SubflowSpec, subflowDeclarations } from '../nodes/subflows/declarations.ts'
import { Catalogue, type Language, languages, readTexts } from './catalogue.ts'
import { table } from './help.ts'
import { type NodeSource, root } from './nodes.ts'

/** A node as it stands in a flow file. */
type FlowNode = { id: string; type: string; z?: string } & Record<string, unknown>

interface EnvEntry {
  name: string
  type: string
  value: unknown
  ui: { label: Record<string, string>; type: string; opts?: object; icon?: string }
}

/** The subflow's definition, as an export has it. */
interface SubflowNode extends FlowNode {
  meta: { type?: string }
  name: string
  env: EnvEntry[]
  in: object[]
  out: object[]
  color: string
  icon: string
  category: string
}

/** A node of the palette made from an editable subflow. */
export interface SubflowSource {
  type: SubflowDeclaration['type']
  declaration: SubflowDeclaration
  catalogues: Record<Language, Catalogue>
  /** What `RED.nodes.registerSubflow` gets: the definition, with its nodes in `flow`. */
  module: SubflowNode & { flow: FlowNode[] }
  spec: SubflowSpec
}

const folder = new URL('nodes/subflows/', root)

/** All subflows that are nodes, in alphabetical order. Throws where a file and its declaration do not fit. */
export function subflowSources(nodes: readonly NodeSource[]): SubflowSource[] {
  return subflowDeclarations.map((declaration) => sourceOf(declaration, nodes))
}

function sourceOf(declaration: SubflowDeclaration, nodes: readonly NodeSource[]): SubflowSource {
  const { type, file, outputs } = declaration
  const all: FlowNode[] = JSON.parse(readFileSync(new URL(`subflows/${file}`, root), 'utf8'))
  const definition = all.find((node): node is SubflowNode => node.type === 'subflow')
  if (definition === undefined || definition.out.length !== outputs.length)
    throw new Error(`subflows/${file} has no subflow with ${outputs.length} outputs`)
  const [english, portuguese] = languages
  const catalogue = (language: Language) => {
    const where = `locales/${language}/${type}.json`
    return new Catalogue(readTexts(new URL(where, folder)), `nodes/subflows/${where}`)
  }
  const catalogues = { [english]: catalogue(english), [portuguese]: catalogue(portuguese) }
  const labels = (name: string) =>
    Object.fromEntries(languages.map((language) => [language, catalogues[language].need(`fields.${name}.label`)]))

  const inner = all.filter(({ z, type }) => z === definition.id && type !== 'comment')
  const references = referencesOf(declaration, all, inner, nodes)
  const chosen = Object.entries(references).map(([name, { type }]): EnvEntry => {
    return { name, type, value: '', ui: { label: labels(name), type: 'conf-types' } }
  })
  const settings = settingsOf(all, inner, definition).map(({ name, value }): EnvEntry => {
    return { name, type: 'str', value, ui: { label: labels(name), type: 'input', opts: { types: ['str', 'env'] } } }
  })
  const { info: _, ...shown } = definition // the help stands in the locales, in each language
  const module = {
    ...shown,
    name: catalogues[english].need('label'),
    env: [...definition.env, ...chosen, ...settings],
    meta: { module: type, type },
    flow: inner.map((node) => choosing(node, declaration.references)),
  }
  return { type, declaration, catalogues, module, spec: { type, references, outputs } }
}

/** Each reference with the type of its config node; required when any node inside cannot do without. */
function referencesOf(
  { file, references }: SubflowDeclaration,
  all: readonly FlowNode[],
  inner: readonly FlowNode[],
  nodes: readonly NodeSource[],
): SubflowSpec['references'] {
  const declared = new Set(Object.values(references))
  const forgotten = all.filter(
    ({ id, z, type }) => z === undefined && !['subflow', 'global-config'].includes(type) && !declared.has(id),
  )
  if (forgotten.length > 0) throw new Error(`subflows/${file}: no property chooses ${forgotten.map(({ id }) => id)}`)
  return Object.fromEntries(
    Object.entries(references).map(([name, id]) => {
      const type = all.find((node) => node.id === id)?.type
      if (type === undefined) throw new Error(`subflows/${file} has no node ${id}`)
      const required = inner.some((node) =>
        Object.entries(nodes.find((source) => source.type === node.type)?.declaration.references ?? {}).some(
          ([property, reference]) => node[property] === id && (reference.required ?? true),
        ),
      )
      return [name, { type, required }]
    }),
  )
}

/** A node inside, with `${NAME}` in place of the config nodes of the file. */
function choosing(node: FlowNode, references: SubflowDeclaration['references']): FlowNode {
  const names = new Map(Object.entries(references).map(([name, id]) => [id, name]))
  const entries = Object.entries(node).map(([property, value]) => {
    const name = typeof value === 'string' ? names.get(value) : undefined
    return [property, name === undefined ? value : `\${${name}}`]
  })
  return { ...Object.fromEntries(entries), id: node.id, type: node.type }
}

/**
 * The settings that the nodes inside take from the flow's global environment, which a node of the palette does not bring: they become its
 * properties, with the defaults they have there.
 */
function settingsOf(
  all: readonly FlowNode[],
  inner: readonly FlowNode[],
  { env }: SubflowNode,
): { name: string; value: string }[] {
  const own = new Set(env.map(({ name }) => name))
  const used = new Set(
    inner
      .flatMap((node) => Object.values(node))
      .flatMap((value) => (typeof value === 'string' ? (/^\$\{(\S+)\}$/.exec(value)?.[1] ?? []) : [])),
  )
  const globals = all.find(({ type }) => type === 'global-config')?.env
  return [...used]
    .filter((name) => !own.has(name))
    .map((name) => {
      const entry: unknown = Array.isArray(globals) ? globals.find((one) => one.name === name) : undefined
      const expression = typeof entry === 'object' && entry !== null && 'value' in entry ? String(entry.value) : ''
      const value = /^\$env\("\w+"\) \? \$env\("\w+"\) : "([^"]*)"$/.exec(expression)?.[1]
      if (value === undefined) throw new Error(`${inner[0]?.z}: the default of ${name} cannot be read`)
      return { name, value }
    })
}

/**
 * Writes a subflow's node into a folder of its own. The HTML is for those who read it without running it (the Flow Library): Node-RED
 * puts its own in its place.
 */
export function writeSubflow({ type, catalogues, module, spec }: SubflowSource, target: string): void {
  mkdirSync(target, { recursive: true })
  writeFileSync(join(target, 'subflow.json'), `${JSON.stringify(module, undefined, 2)}\n`)
  writeFileSync(
    join(target, `${type}.js`),
    [
      `import { registerSubflow } from '../../nodes/subflows/register.js'`,
      `export default (red) => registerSubflow(red, new URL('subflow.json', import.meta.url))`,
      '',
    ].join('\n'),
  )
  writeFileSync(join(target, `${type}.html`), subflowHtml(module, type))
  for (const language of languages) {
    const locale = join(target, 'locales', language)
    mkdirSync(locale, { recursive: true })
    writeFileSync(join(locale, `${type}.json`), `${JSON.stringify(catalogues[language].texts, undefined, 2)}\n`)
    const [intro, ...sections] = readFileSync(new URL(`locales/${language}/${type}.md`, folder), 'utf8').split(
      /^(?=### )/m,
    )
    const properties = configuration(language, catalogues[language], module.env, spec)
    const help = [intro, properties, ...sections].map((part) => part?.trim()).join('\n\n')
    writeFileSync(
      join(locale, `${type}.html`),
      `<script type="text/markdown" data-help-name="${type}">\n${help}\n</script>\n`,
    )
  }
}

function subflowHtml({ category, color, icon, in: inputs, out, env }: SubflowSource['module'], type: string): string {
  const lines = [
    `category: ${JSON.stringify(category)},`,
    `color: ${JSON.stringify(color)},`,
    `icon: ${JSON.stringify(icon)},`,
    `inputs: ${inputs.length},`,
    `outputs: ${out.length},`,
    'defaults: {',
    ...['name', ...env.map(({ name }) => name)].map((name) => `  ${name}: { value: "" },`),
    '},',
  ]
  return [
    `<script type="text/javascript">\nRED.nodes.registerType(${JSON.stringify(type)}, {\n${lines.map((line) => `  ${line}`).join('\n')}\n})\n</script>`,
    `<script type="text/html" data-template-name="${type}"></script>`,
    '',
  ].join('\n\n')
}

const words = {
  'en-US': { configuration: 'Configuration', node: 'configuration node', optional: 'optional', text: 'text' },
  'pt-BR': { configuration: 'Configuração', node: 'nó de configuração', optional: 'opcional', text: 'texto' },
} as const satisfies Record<Language, unknown>

/** The help's table of properties. */
function configuration(language: Language, catalogue: Catalogue, env: readonly EnvEntry[], spec: SubflowSpec): string {
  const say = words[language]
  const entries = env.map(({ name, ui }) => {
    const reference = spec.references[name]
    const kind = reference === undefined ? say.text : `${say.node}${reference.required ? '' : `, ${say.optional}`}`
    return { name: ui.label[language] ?? name, kind, text: catalogue.need(`fields.${name}.help`) }
  })
  return `### ${say.configuration}\n\n${table(entries)}`
}
