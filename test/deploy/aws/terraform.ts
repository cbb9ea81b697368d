import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'

/** HCL as JSON has it; an expression is a text `${…}`. */
export type Hcl = string | number | boolean | null | Hcl[] | { [name: string]: Hcl }
export type Body = { [name: string]: Hcl }

export interface Resource {
  mode: 'resource' | 'data'
  type: string
  name: string
  body: Body
}

// By require, because the package's types bring the DOM's into the compilation.
const hcl: { parse(file: string, text: string): Promise<Hcl> } = createRequire(import.meta.url)('@cdktn/hcl2json')
const parsedFiles = new Map<string, Promise<Hcl>>()

/** A folder of .tf files. */
export interface Module {
  /** Beneath deploy/aws; empty: the root. */
  path: string
  terraform: Body
  resources: Resource[]
  variables: Record<string, Body>
  outputs: Record<string, Body>
  locals: Body
  calls: Record<string, Body>
  /** Configurations of providers. */
  providers: Body
}

export const root = join(import.meta.dirname, '../../../deploy/aws')

/** All .tf files beneath deploy/aws, by their path there. */
export function sources(): Record<string, string> {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => /^[^.]*\.tf$/.test(file))
  return Object.fromEntries(files.sort().map((file) => [file, readFileSync(join(root, file), 'utf8')]))
}

/** The modules in these files. Throws, with line and column, where one is no HCL. */
export async function loadModules(files: Record<string, string> = sources()): Promise<Module[]> {
  const modules = new Map<string, Module>()
  for (const [file, text] of Object.entries(files)) {
    const path = relative('.', join(file, '..'))
    const module = modules.get(path) ?? empty(path)
    modules.set(path, module)
    const key = `${file}\n${text}`
    const parsed = parsedFiles.get(key) ?? hcl.parse(file, text)
    parsedFiles.set(key, parsed)
    add(module, asBody(await parsed))
  }
  return [...modules.values()]
}

function empty(path: string): Module {
  return { path, terraform: {}, resources: [], variables: {}, outputs: {}, locals: {}, calls: {}, providers: {} }
}

function add(module: Module, parsed: Body): void {
  for (const mode of ['resource', 'data'] as const) {
    for (const [type, named] of Object.entries(asBody(parsed[mode]))) {
      for (const [name, body] of Object.entries(asBody(named))) {
        module.resources.push({ mode, type, name, body: asBody(body) })
      }
    }
  }
  for (const [name, body] of Object.entries(asBody(parsed.variable))) module.variables[name] = asBody(body)
  for (const [name, body] of Object.entries(asBody(parsed.output))) module.outputs[name] = asBody(body)
  for (const [name, body] of Object.entries(asBody(parsed.module))) module.calls[name] = asBody(body)
  Object.assign(module.providers, asBody(parsed.provider))
  for (const body of asList(parsed.locals)) Object.assign(module.locals, asBody(body))
  for (const body of asList(parsed.terraform)) Object.assign(module.terraform, asBody(body))
}

/** An object; of a list with one, that one; of anything else an empty one. */
export function asBody(value: Hcl | undefined): Body {
  if (Array.isArray(value)) return asBody(value[0])
  return typeof value === 'object' && value !== null ? value : {}
}

export function asList(value: Hcl | undefined): Hcl[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value]
}

/** The bodies of a nested block, written out or dynamic. */
export function blocks(body: Body, name: string): Body[] {
  const dynamic = asList(asBody(body.dynamic)[name]).flatMap((one) => asList(asBody(one).content))
  return [...asList(body[name]), ...dynamic].map((one) => asBody(one))
}

/** The code in a value: what stands in its `${…}`, without the texts in there. */
export function codeOf(value: Hcl | undefined): string {
  if (typeof value === 'string') return codeOfText(value)
  if (Array.isArray(value)) return value.map(codeOf).join('\n')
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([name, inner]) => `${codeOfText(name)}\n${codeOf(inner)}`)
      .join('\n')
  }
  return ''
}

function codeOfText(text: string): string {
  let code = ''
  /** What each open brace and quote belongs to: text, code of a template, or braces in code. */
  const open: ('text' | 'template' | 'brace')[] = ['text']
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]
    const inText = open.at(-1) === 'text'
    if (inText && (text.startsWith('$${', at) || text.startsWith('%%{', at))) at += 2
    else if (inText && sign === '\\') at++
    else if (inText && (text.startsWith('${', at) || text.startsWith('%{', at))) {
      open.push('template')
      code += ' '
      at++
    } else if (inText) {
      if (sign === '"' && open.length > 1) open.pop()
    } else if (sign === '"') open.push('text')
    else if (sign === '{') {
      open.push('brace')
      code += sign
    } else if (sign === '}') {
      if (open.pop() === 'brace') code += sign
      else code += ' '
    } else code += sign
  }
  return code
}
