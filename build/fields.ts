import { type Kind, kindOf } from '../lib/coerce.ts'
import {
  type Field,
  LimitsSchema,
  type NodeDeclaration,
  type ObjectSchema,
  type Section,
} from '../nodes/kit/declaration.ts'
import type { Rules } from '../nodes/kit/editor/check.ts'

/** A row of the form with everything the generators need. */
export interface FormRow {
  field: string
  widget: string
  icon: string
  origin: 'name' | 'config' | 'reference' | 'credential' | 'limit'
  rules: Rules
  /** Value of a new node. */
  value: unknown
  when?: Field['when']
  /** The schema of a config property or limit. */
  schema?: object
}

/** A form: rows and sections of rows, in order. */
export type FormPart = FormRow | { section: string; open: boolean; rows: FormRow[] }

const icons: Record<string, string> = {
  name: 'tag',
  reference: 'cog',
  password: 'lock',
  number: 'hashtag',
  checkbox: 'check-square-o',
  list: 'list',
  select: 'bars',
  concurrency: 'random',
  queueLimit: 'hourglass-half',
  timeoutSeconds: 'clock-o',
}

/** The whole form of a node. Throws for a field that is declared nowhere, and a setting that no field shows. */
export function formOf(declaration: NodeDeclaration): FormPart[] {
  const row = (field: Field): FormRow => rowOf(declaration, field)
  const section = ({ section, fields, open = false }: Section): FormPart => ({ section, open, rows: fields.map(row) })
  const parts: FormPart[] = [
    { field: 'name', widget: 'text', icon: 'tag', origin: 'name', rules: { kind: 'text' }, value: '' },
    ...declaration.form.map((part) => ('section' in part ? section(part) : row(part))),
  ]
  if (declaration.limits !== undefined) {
    const rows = Object.keys(LimitsSchema.properties).map((field) => row({ field }))
    parts.push({ section: 'limits', open: false, rows })
  }
  const shown = new Set(rowsOf(parts).map((each) => each.field))
  const { references = {}, credentials = {}, config } = declaration
  const missing = [...Object.keys(config.properties), ...Object.keys(references), ...Object.keys(credentials)].filter(
    (name) => !shown.has(name),
  )
  if (missing.length > 0) throw new Error(`${declaration.type}: the form has no field for ${missing.join(', ')}`)
  return parts
}

/** All rows of a form. */
export function rowsOf(parts: readonly FormPart[]): FormRow[] {
  return parts.flatMap((part) => ('section' in part ? part.rows : [part]))
}

function rowOf(declaration: NodeDeclaration, { field, widget, icon, when }: Field): FormRow {
  const { references = {}, credentials = {}, config, limits } = declaration
  const made = (row: Omit<FormRow, 'field' | 'icon' | 'widget'>, usual: string): FormRow => {
    const chosen = widget ?? usual
    return {
      field,
      widget: chosen,
      icon: icon ?? icons[field] ?? icons[chosen] ?? 'pencil',
      ...row,
      ...(when && { when }),
    }
  }
  const credential = credentials[field]
  if (credential !== undefined)
    return made({ origin: 'credential', rules: { kind: 'text' }, value: '' }, credential.type)
  if (field in references) return made({ origin: 'reference', rules: { kind: 'other' }, value: '' }, 'reference')
  const isLimit = limits !== undefined && field in LimitsSchema.properties && !(field in config.properties)
  const schema: ObjectSchema = isLimit ? LimitsSchema : config
  const property = schema.properties[field]
  if (property === undefined) throw new Error(`${declaration.type}: the form's field "${field}" is declared nowhere`)
  const rules = rulesOf(schema, field)
  if (rules.kind === 'other' && widget === undefined) {
    throw new Error(
      `${declaration.type}: "${field}" is neither text, number, tick, choice nor list; it needs a custom widget`,
    )
  }
  const own = isLimit ? Object.entries(limits).find(([name]) => name === field)?.[1] : undefined
  const value = own ?? defaultOf(property) ?? blankOf(rules.kind)
  return made({ origin: isLimit ? 'limit' : 'config', rules, value, schema: property }, usualWidget(rules.kind))
}

function usualWidget(kind: Kind): string {
  if (kind === 'integer' || kind === 'number') return 'number'
  if (kind === 'boolean') return 'checkbox'
  if (kind === 'choice') return 'select'
  return kind === 'list' ? 'list' : 'text'
}

function blankOf(kind: Kind): unknown {
  return kind === 'boolean' ? false : kind === 'list' ? [] : ''
}

function defaultOf(schema: object): unknown {
  return 'default' in schema ? schema.default : undefined
}

/** What the form can check of a property. */
export function rulesOf(schema: ObjectSchema, name: string): Rules {
  const property = schema.properties[name] ?? {}
  const needed = schema.required?.includes(name) === true && defaultOf(property) === undefined
  const rules = plainRules(property)
  return needed && rules.kind !== 'text' && rules.kind !== 'list' ? { ...rules, required: true } : rules
}

const numbers = [
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
] as const

function plainRules(property: object): Rules {
  const known: Record<string, unknown> = { ...property }
  const rules: Rules = { kind: kindOf(property) }
  for (const name of numbers) {
    const limit = known[name]
    if (typeof limit === 'number') rules[name] = limit
  }
  if (typeof known.pattern === 'string') rules.pattern = known.pattern
  if (Array.isArray(known.enum)) rules.choices = known.enum.map(String)
  if (typeof known.items === 'object' && known.items !== null) rules.items = plainRules(known.items)
  return rules
}
