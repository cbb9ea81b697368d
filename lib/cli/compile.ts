import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { PipelineError } from '../errors.ts'
import type { CheckLanguage } from '../flow-check/rule.ts'
import { emitAirflow } from '../portable/airflow/emit.ts'
import { readRunner } from '../portable/airflow/runner-file.ts'
import { canonicalFile } from '../portable/canonical.ts'
import { paletteSubflows } from '../portable/modules.ts'
import { compile as compileFlow } from '../portable/plan/compile.ts'
import { worded } from '../portable/plan/diagnostics.ts'
import { costText } from '../portable/step-functions/cost.ts'
import { type EmitOptions, type Emitted, emitStepFunctions } from '../portable/step-functions/emit.ts'
import { type CompiledFlow, terraformVariables, variablesFile } from '../portable/terraform/variables.ts'
import { flag, help, readArguments, text } from './arguments.ts'
import { readFlow } from './flow-file.ts'
import { compileHelp, costHelp } from './help.ts'

const targets = ['plan', 'step-functions', 'airflow'] as const

interface Output {
  out(text: string): void
  err(text: string): void
}

/** Something about a node, in words. */
interface Said {
  code: string
  severity: 'error' | 'warning'
  node: string
  name: string
  type: string
  tab: string
  reason: string
  remedy: string
}

/**
 * `ysh-pipeline compile` and `cost`: exit code 0 when the flow was compiled, 1 when it was refused, 2 when a file cannot be read or written, or
 * an option is wrong. Never throws. What is wrong and the estimate go to `err`, the plan of a `--target plan` without `--out` to `out`.
 */
export async function compile(command: 'compile' | 'cost', args: readonly string[], output: Output): Promise<number> {
  const { out, err } = output
  try {
    const asked = parsed(command, args)
    if (asked === undefined) {
      out(command === 'compile' ? compileHelp : costHelp)
      return 0
    }
    const flows: CompiledFlow[] = []
    for (const file of asked.files) {
      const compiled = await compileOne(command, file, asked, output)
      if (compiled !== undefined) flows.push(compiled)
    }
    if (flows.length < asked.files.length) return 1
    // Terraform takes all flows together: they share the function that does the steps.
    if (command === 'compile' && asked.target === 'step-functions' && asked.folder !== undefined) {
      const files = { [variablesFile]: canonicalFile(terraformVariables(flows)) }
      await writeFiles(asked.folder, files, asked.json ? () => {} : out)
    }
    return 0
  } catch (thrown) {
    const { code, message } = PipelineError.from(thrown)
    err(`${code}: ${message}`)
    return 2
  }
}

/** undefined: refused, and said so. */
async function compileOne(
  command: 'compile' | 'cost',
  file: string,
  { files, target, folder, json, language, emission, env, startDate }: Asked,
  { out, err }: Output,
): Promise<CompiledFlow | undefined> {
  const nodes = await readFlow(file)
  const { plan, diagnostics } = compileFlow(nodes, { sha256, env, modules: paletteSubflows() })
  const said: Said[] = diagnostics.map((one) => worded(one, language))
  const emitted = plan === undefined || target !== 'step-functions' ? undefined : emitStepFunctions(plan, emission)
  const airflow =
    plan === undefined || target !== 'airflow'
      ? undefined
      : emitAirflow(plan, {
          ...{ name: basename(file, extname(file)), nodes, runner: await readRunner(), startDate, language },
        })
  said.push(...(emitted?.notes ?? []), ...(airflow?.notes ?? []))
  const refused = said.some(({ severity }) => severity === 'error')
  const name = basename(file, '.json')
  // Several flows get a folder each.
  const beneath = files.length > 1 ? name : ''
  const flow = plan === undefined || refused ? undefined : { name, folder: beneath, plan, emitted: emitted ?? nothing }
  if (command === 'cost') {
    if (refused || emitted === undefined) err(report(file, said))
    else out(json ? canonicalFile(emitted.cost).trimEnd() : costText(emitted.cost))
    return flow
  }
  if (json) out(JSON.stringify({ file, compiled: !refused, diagnostics: said }, undefined, 2))
  else if (said.length > 0) err(report(file, said))
  if (flow === undefined || plan === undefined) return undefined
  const made = emitted?.files ?? airflow?.files ?? { 'plan.json': canonicalFile(plan) }
  await write(folder === undefined ? undefined : join(folder, beneath), made, json ? () => {} : out)
  if (!json && emitted !== undefined) err(costText(emitted.cost))
  return flow
}

const nothing: Pick<Emitted, 'files' | 'machines'> = { files: {}, machines: {} }

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

async function write(
  folder: string | undefined,
  files: Readonly<Record<string, string>>,
  out: (text: string) => void,
): Promise<void> {
  if (folder === undefined) {
    // only a plan, or nothing for `--json`, goes without a folder
    for (const content of Object.values(files)) out(content.trimEnd())
    return
  }
  await writeFiles(folder, files, out)
}

async function writeFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
  out: (text: string) => void,
): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  } catch (cause) {
    throw new PipelineError('CLI_OUTPUT', cause instanceof Error ? cause.message : String(cause), { cause })
  }
  out(
    Object.keys(files)
      .map((name) => join(folder, name))
      .join('\n'),
  )
}

function report(file: string, said: readonly Said[]): string {
  const count = (severity: Said['severity']) => said.filter((one) => one.severity === severity).length
  const lines = said.map(({ severity, code, node, name, type, tab, reason, remedy }) => {
    const place = [tab, name === type ? type : `${name} (${type})`, node].filter((part) => part !== '').join(' / ')
    return `${severity}  ${code}  ${place}\n    ${reason}\n    ${remedy}`
  })
  return [`${file}: ${count('error')} errors, ${count('warning')} warnings`, ...lines].join('\n')
}

interface Asked {
  files: string[]
  target: (typeof targets)[number]
  folder: string | undefined
  json: boolean
  language: CheckLanguage
  emission: EmitOptions
  env: Record<string, string>
  startDate: string | undefined
}

/** undefined: the help is asked for. Throws CLI_USAGE. */
function parsed(command: 'compile' | 'cost', args: readonly string[]): Asked | undefined {
  const { values, positionals } = read(args)
  if (values.help === true) return undefined
  const wrong = (words: string) => new PipelineError('CLI_USAGE', words)
  const target = command === 'cost' ? 'step-functions' : targets.find((one) => one === values.target)
  if (target === undefined) throw wrong(`--target is one of ${targets.join(', ')}`)
  if (target !== 'plan' && command === 'compile' && values.out === undefined) {
    throw wrong(`--target ${target} makes several files: give their folder, --out DIR`)
  }
  const many = command === 'compile' && target === 'step-functions'
  if (positionals.length === 0 || (positionals.length > 1 && !many)) {
    throw wrong(`${command} wants one file: ${command} flows.json; several go together to step-functions only`)
  }
  const names = positionals.map((file) => basename(file, '.json'))
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw wrong(`Two files are called ${twice}.json, and would be one flow`)
  const language = values.lang ?? 'en-US'
  if (language !== 'en-US' && language !== 'pt-BR') throw wrong('--lang is en-US or pt-BR')
  const count = (name: 'distributed-above' | 'items' | 'seconds') => {
    const text = values[name]
    if (text !== undefined && !/^[1-9]\d{0,6}$/.test(text)) throw wrong(`--${name} is a whole number from 1`)
    return text === undefined ? undefined : Number(text)
  }
  const [distributedAbove, items, seconds] = [count('distributed-above'), count('items'), count('seconds')]
  const emission: EmitOptions = {
    ...{ fuse: values.fuse ?? false, language },
    ...(distributedAbove === undefined ? {} : { distributedAbove }),
    ...(items === undefined ? {} : { items }),
    ...(seconds === undefined ? {} : { seconds }),
  }
  const env = Object.fromEntries(
    (values.env ?? []).map((pair) => {
      const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(pair) ?? []
      if (name === undefined || value === undefined) throw wrong('--env is NAME=VALUE')
      return [name, value]
    }),
  )
  const startDate = values['start-date']
  if (startDate !== undefined && !(/^\d{4}-\d\d-\d\d$/.test(startDate) && !Number.isNaN(Date.parse(startDate)))) {
    throw wrong('--start-date is YYYY-MM-DD')
  }
  return {
    files: positionals,
    target,
    folder: values.out,
    startDate,
    json: values.json ?? false,
    language,
    emission,
    env,
  }
}

function read(args: readonly string[]) {
  return readArguments(args, {
    ...{ target: text, out: text, lang: text, 'distributed-above': text, items: text, seconds: text },
    'start-date': text,
    env: { ...text, multiple: true },
    ...{ json: flag, fuse: flag, help },
  })
}
