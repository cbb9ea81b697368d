import { readFile, stat } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { PipelineError } from '../errors.ts'
import { checkFlow, ruleIds } from '../flow-check/check.ts'
import { flowNodes } from '../flow-check/node.ts'
import type { CheckLanguage, Finding } from '../flow-check/rule.ts'
import { lintHelp } from './help.ts'

const maxBytes = 100_000_000

interface Output {
  out(text: string): void
  err(text: string): void
}
interface Checked {
  file: string
  findings: Finding[]
}

/** `ysh-pipeline lint`: exit code 0 when nothing was found, 1 for findings that count, 2 when a file cannot be read. Never throws. */
export async function lint(args: readonly string[], { out, err }: Output): Promise<number> {
  try {
    const { files, language, off, json, strict, help } = parsed(args)
    if (help) {
      out(lintHelp)
      return 0
    }
    const checked: Checked[] = []
    for (const file of files) checked.push({ file, findings: checkFlow(await readFlow(file), { language, off }) })
    const counts = checked.flatMap(({ findings }) => findings).filter(({ severity }) => isCounted(severity, strict))
    out(json ? JSON.stringify({ files: checked }, undefined, 2) : checked.map((one) => report(one)).join('\n\n'))
    return counts.length > 0 ? 1 : 0
  } catch (thrown) {
    const { code, message } = PipelineError.from(thrown)
    err(`${code}: ${message}`)
    return 2
  }
}

const isCounted = (severity: Finding['severity'], strict: boolean) =>
  severity === 'error' || (strict && severity === 'warning')

function parsed(args: readonly string[]) {
  const { values, positionals: files } = read(args)
  const { lang = 'en-US', off = [], json = false, strict = false, help = false } = values
  if (lang !== 'en-US' && lang !== 'pt-BR') throw new PipelineError('CLI_USAGE', '--lang is en-US or pt-BR')
  const language: CheckLanguage = lang
  const rules = off.flatMap((list) => list.split(','))
  const unknown = rules.find((rule) => !ruleIds.includes(rule))
  if (unknown !== undefined) {
    throw new PipelineError('CLI_USAGE', `There is no rule "${unknown}", but: ${ruleIds.join(', ')}`)
  }
  if (files.length === 0 && !help) throw new PipelineError('CLI_USAGE', 'lint wants a file: lint flows.json')
  return { files, language, off: rules, json, strict, help }
}

function read(args: readonly string[]) {
  const on = { type: 'boolean' } as const
  const options = {
    lang: { type: 'string' },
    off: { type: 'string', multiple: true },
    json: on,
    strict: on,
    help: { type: 'boolean', short: 'h' },
  } as const
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options })
  } catch (cause) {
    throw new PipelineError('CLI_USAGE', cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

async function readFlow(file: string) {
  const unreadable = (why: string, cause?: unknown) =>
    new PipelineError('FLOW_UNREADABLE', `${file}: ${why}`, { cause })
  let text: string
  try {
    if ((await stat(file)).size > maxBytes) throw unreadable(`larger than ${maxBytes / 1e6} MB`)
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw cause instanceof PipelineError ? cause : unreadable(cause instanceof Error ? cause.message : 'unknown', cause)
  }
  let content: unknown
  try {
    content = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    throw unreadable('no JSON') // the parser's words would quote the file, and with it perhaps a secret
  }
  try {
    return flowNodes(content)
  } catch (cause) {
    throw unreadable(PipelineError.from(cause).message, cause)
  }
}

function report({ file, findings }: Checked): string {
  const count = (severity: Finding['severity']) => findings.filter((one) => one.severity === severity).length
  const total = `${count('error')} errors, ${count('warning')} warnings, ${count('hint')} hints`
  const lines = findings.map(({ severity, rule, node, name, type, tab, reason, remedy }) => {
    const place = [tab, name === type ? type : `${name} (${type})`, node].filter((part) => part !== '').join(' / ')
    return `${severity}  ${rule}  ${place}\n    ${reason}\n    ${remedy}`
  })
  return [`${file}: ${total}`, ...lines].join('\n')
}
