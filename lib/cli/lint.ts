import { PipelineError } from '../errors.ts'
import { checkFlow, ruleIds } from '../flow-check/check.ts'
import type { CheckLanguage, Finding } from '../flow-check/rule.ts'
import { flag, help, readArguments, text } from './arguments.ts'
import { readFlow } from './flow-file.ts'
import { lintHelp } from './help.ts'

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
  return readArguments(args, { lang: text, off: { ...text, multiple: true }, json: flag, strict: flag, help })
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
