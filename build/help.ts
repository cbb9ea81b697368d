import { readFileSync } from 'node:fs'
import { kindOf } from '../lib/coerce.ts'
import type { ObjectSchema } from '../nodes/kit/declaration.ts'
import type { Catalogue, Language } from './catalogue.ts'
import { type FormRow, formOf, rowsOf } from './fields.ts'
import type { NodeSource } from './nodes.ts'

/** Words of the generated parts, and the headings by which a help text's own sections are known. */
const words = {
  'en-US': {
    inputs: 'Inputs',
    outputs: 'Outputs',
    configuration: 'Configuration',
    optional: 'optional',
    normally: 'default',
    from: (low: number, high: number) => `${low} to ${high}`,
    atLeast: (low: number) => `${low} or more`,
    kinds: {
      text: 'text',
      integer: 'whole number',
      number: 'number',
      boolean: 'yes or no',
      list: 'list',
      choice: 'choice',
      other: 'object',
      reference: 'configuration node',
      password: 'password',
    },
    yes: 'yes',
    no: 'no',
  },
  'pt-BR': {
    inputs: 'Entradas',
    outputs: 'Saídas',
    configuration: 'Configuração',
    optional: 'opcional',
    normally: 'padrão',
    from: (low: number, high: number) => `de ${low} a ${high}`,
    atLeast: (low: number) => `${low} ou mais`,
    kinds: {
      text: 'texto',
      integer: 'número inteiro',
      number: 'número',
      boolean: 'sim ou não',
      list: 'lista',
      choice: 'escolha',
      other: 'objeto',
      reference: 'nó de configuração',
      password: 'senha',
    },
    yes: 'sim',
    no: 'não',
  },
} as const satisfies Record<Language, unknown>

/** One line of a property table. */
export interface Entry {
  name: string
  kind: string
  text: string
}

/**
 * `locales/<language>/<type>.html`: the node's help. The text of `locales/<language>/<type>.md` gives the introduction (before its first
 * heading) and the details; the tables of inputs, outputs and configuration come from the schemas and the catalogue.
 */
export function helpHtml(node: NodeSource, language: Language): string {
  const { declaration, type, folder } = node
  const say = words[language]
  const { intro, sections } = split(readFileSync(new URL(`locales/${language}/${type}.md`, folder), 'utf8'))
  const generated = [
    [say.inputs, entriesOf(node, language, 'input', declaration.messages?.input)],
    [say.outputs, entriesOf(node, language, 'output', declaration.messages?.output)],
  ] as const
  const blocks = [intro]
  for (const [heading, entries] of generated) {
    const own = sections.get(heading)
    sections.delete(heading)
    if (entries.length > 0 || own !== undefined) {
      blocks.push(
        [`### ${heading}`, own, table(entries)].filter((part) => part !== undefined && part !== '').join('\n\n'),
      )
    }
  }
  const settings = rowsOf(formOf(declaration)).filter((row) => row.origin !== 'name')
  if (settings.length > 0)
    blocks.push(`### ${say.configuration}\n\n${table(settings.map((row) => setting(node, language, row)))}`)
  for (const [heading, text] of sections) blocks.push(`### ${heading}\n\n${text}`)
  return `<script type="text/markdown" data-help-name="${type}">\n${blocks.join('\n\n')}\n</script>\n`
}

function entriesOf(
  { catalogues, declaration }: NodeSource,
  language: Language,
  side: 'input' | 'output',
  schema: ObjectSchema | null | undefined,
): Entry[] {
  if (schema === null || schema === undefined) return []
  const catalogue = catalogues[language]
  const say = words[language]
  const properties = Object.entries(schema.properties).map(([name, property]) => {
    const optional = schema.required?.includes(name) === true ? '' : `, ${say.optional}`
    return {
      name: `payload.${name}`,
      kind: `${say.kinds[kindOf(property)]}${side === 'input' ? optional : ''}`,
      text: catalogue.need(`${side}.${name}`),
    }
  })
  if (declaration.references?.stores === undefined || 'run' in schema.properties) return properties
  return [...properties, { name: 'run', kind: say.kinds.other, text: catalogue.need(`${side}.run`) }]
}

function setting({ catalogues }: NodeSource, language: Language, row: FormRow): Entry {
  const catalogue = catalogues[language]
  const { field, origin, widget } = row
  const say = words[language]
  const kind = origin === 'reference' ? 'reference' : widget === 'password' ? 'password' : row.rules.kind
  const text = catalogue.need(`fields.${field}.help`, `fields.${field}.tip`)
  return {
    name: catalogue.need(`fields.${field}.label`),
    kind: [say.kinds[kind], ...bounds(catalogue, language, row)].join(', '),
    text,
  }
}

function bounds(catalogue: Catalogue, language: Language, { rules, value, field, widget }: FormRow): string[] {
  const say = words[language]
  const { minimum, maximum } = rules
  const range = minimum === undefined ? [] : [maximum === undefined ? say.atLeast(minimum) : say.from(minimum, maximum)]
  if (value === '' || value === undefined || Array.isArray(value)) return range
  const shown =
    typeof value === 'boolean'
      ? value
        ? say.yes
        : say.no
      : widget === 'select'
        ? catalogue.need(`fields.${field}.options.${String(value)}`)
        : String(value)
  return [...range, `${say.normally} ${shown}`]
}

/** A property table, in Node-RED's own look for message properties; as HTML, because its Markdown form does not allow colons. */
export function table(entries: readonly Entry[]): string {
  if (entries.length === 0) return ''
  const rows = entries.map(
    ({ name, kind, text }) =>
      `<dt>${escapeHtml(name)} <span class="property-type">${escapeHtml(kind)}</span></dt>\n<dd>${marked(text)}</dd>`,
  )
  return `<dl class="message-properties">\n${rows.join('\n')}\n</dl>`
}

/** Catalogue texts may hold `code`. */
function marked(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>')
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function split(markdown: string): { intro: string; sections: Map<string, string> } {
  const [intro = '', ...rest] = markdown.trim().split(/^### +/m)
  const sections = new Map<string, string>()
  for (const part of rest) {
    const end = part.indexOf('\n')
    sections.set((end < 0 ? part : part.slice(0, end)).trim(), end < 0 ? '' : part.slice(end).trim())
  }
  return { intro: intro.trim(), sections }
}
