import { statfs } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { dirname, resolve } from 'node:path'
import { PipelineError } from '../errors.ts'
import { checkFlow } from '../flow-check/check.ts'
import { PlanSettings } from '../portable/runtime/settings.ts'
import { endAfter } from '../stopped.ts'
import type { StoresOptions } from '../stores/open.ts'
import { openPostgres, type PostgresStore } from '../stores/postgres/index.ts'
import { revealAddress } from '../stores/reveal.ts'
import { tryStores } from '../stores/trial.ts'
import { flag, help, readArguments, text, wrongUse } from './arguments.ts'
import { readFlow } from './flow-file.ts'
import { doctorHelp } from './help.ts'
import type { Console } from './main.ts'
import { allMigrations } from './migrations.ts'
import { pipelineOf, readPlanOrFlow } from './plan-file.ts'
import { tableChecks } from './table-checks.ts'

/** One thing that was looked at. */
export interface Check {
  /** Stable name: `node`, `memory`, `disk`, `store postgres`, `tables …`, `clock`, `part …`, `flow`. */
  what: string
  is: 'good' | 'warning' | 'bad' | 'left out'
  /** Of an error. */
  code?: string
  found: string
  /** What to do; absent when all is well. */
  remedy?: string
}

const patienceMs = 15_000
const mib = 1024 * 1024

/**
 * `ysh-pipeline doctor`: looks at what a flow needs on this machine, and changes nothing. Exit code 0 when nothing is bad, 1 when something
 * is, 2 used wrongly. Never throws.
 */
export async function doctor(args: readonly string[], { env, out, err }: Console): Promise<number> {
  try {
    const { file, pipeline: wanted, json, help } = parsed(args)
    if (help) {
      out(doctorHelp)
      return 0
    }
    const checks: Check[] = [nodeVersion(), memory(), ...optionalParts()]
    let stores: StoresOptions = {
      folder: env.YSH_FOLDER || '.',
      ...(env.YSH_POSTGRES ? { postgres: { url: env.YSH_POSTGRES } } : {}),
    }
    if (file !== undefined) {
      checks.push(await flowCheck(file))
      try {
        const plan = await readPlanOrFlow(file, {})
        stores = new PlanSettings(plan, env).stores(pipelineOf(plan, wanted ?? plan.pipelines[0]?.id)).stores
      } catch (thrown) {
        const { code, message } = PipelineError.from(thrown)
        if (code === 'CLI_USAGE') throw thrown
        const [found = ''] = message.split('\n')
        checks.push({ what: 'portable', is: 'warning', code, found, remedy: 'ysh-pipeline compile says which nodes' })
      }
    }
    checks.push(await disk(stores.folder ?? '.'))
    checks.push(...(await storeChecks(stores)))
    out(json ? JSON.stringify({ checks }, undefined, 2) : checks.map(line).join('\n'))
    return checks.some(({ is }) => is === 'bad') ? 1 : 0
  } catch (thrown) {
    const { code, message } = PipelineError.from(thrown)
    err(`${code}: ${message}`)
    return 2
  }
}

function line({ what, is, code, found, remedy }: Check): string {
  const head = `${is.padEnd(8)}  ${what}: ${code === undefined ? '' : `${code}: `}${found}`
  return remedy === undefined ? head : `${head}\n          ${remedy}`
}

function nodeVersion(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const good = major > 22 || (major === 22 && minor >= 9)
  const found = `Node.js ${process.versions.node}`
  return good
    ? { what: 'node', is: 'good', found }
    : { what: 'node', is: 'bad', found, remedy: 'Install Node.js 22.9 or newer' }
}

function memory(): Check {
  const limit = process.constrainedMemory()
  const bytes = limit > 0 && limit < totalmem() ? limit : totalmem()
  const found = `${Math.round(bytes / mib)} MiB may be used`
  if (bytes >= 900 * mib) return { what: 'memory', is: 'good', found }
  return {
    what: 'memory',
    is: 'warning',
    found,
    remedy: 'Use PostgreSQL on a server, and read no large PDFs here: docs/memory.md',
  }
}

const parts = [
  ['@aws-sdk/client-s3', 'files in S3'],
  ['@aws-sdk/client-ssm', 'secrets in SSM'],
  ['@aws-sdk/client-secrets-manager', 'secrets in Secrets Manager'],
  ['@napi-rs/canvas', 'pictures of PDF pages'],
  ['tesseract.js', 'scanned PDFs'],
  ['@duckdb/node-api', 'sources in Parquet'],
] as const

function optionalParts(): Check[] {
  return parts.map(([name, use]): Check => {
    try {
      import.meta.resolve(name)
      return { what: `part ${name}`, is: 'good', found: `there, for ${use}` }
    } catch {
      return {
        what: `part ${name}`,
        is: 'left out',
        found: `not installed: no ${use}`,
        remedy: `npm install ${name}, if you want that`,
      }
    }
  })
}

async function disk(folder: string): Promise<Check> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at)
      const free = Math.round((bavail * bsize) / mib)
      const found = `${free} MiB free at ${at}`
      if (free >= 2_048) return { what: 'disk', is: 'good', found }
      const is = free < 256 ? 'bad' : 'warning'
      return {
        what: 'disk',
        is,
        code: 'STORE_FULL',
        found,
        remedy: 'Make room: the largest dataset needs 2 GiB while it is loaded',
      }
    } catch (cause) {
      // What is not there yet will be made below what is.
      if (dirname(at) !== at) continue
      return {
        what: 'disk',
        is: 'bad',
        found: cause instanceof Error ? cause.message : String(cause),
        remedy: 'Check YSH_FOLDER',
      }
    }
  }
}

async function flowCheck(file: string): Promise<Check> {
  const findings = checkFlow(await readFlow(file), { language: 'en-US', off: [] })
  const count = (severity: 'error' | 'warning') => findings.filter((one) => one.severity === severity).length
  const [errors, warnings] = [count('error'), count('warning')]
  const found = `${errors} errors, ${warnings} warnings in ${file}`
  if (errors + warnings === 0) return { what: 'flow', is: 'good', found }
  return { what: 'flow', is: errors > 0 ? 'bad' : 'warning', found, remedy: `ysh-pipeline lint ${file} says which` }
}

async function storeChecks(options: StoresOptions): Promise<Check[]> {
  const trials = await tryStores(options, endAfter(patienceMs))
  const checks = trials.map(({ store, error }): Check => {
    const what = `store ${store}`
    if (error === undefined) return { what, is: 'good', found: 'answers' }
    return { what, is: 'bad', code: error.code, found: error.message, remedy: `docs/errors.md: ${error.code}` }
  })
  const { url, password } = options.postgres ?? {}
  if (url === undefined || url === '') {
    return [
      { what: 'store postgres', is: 'left out', found: 'embedded; whoever has it open looks after it' },
      ...checks,
    ]
  }
  if (trials.some(({ store, error }) => store === 'postgres' && error !== undefined)) return checks
  const address = await revealAddress('PostgreSQL', url, password)
  const store = await openPostgres({
    ...{ kind: 'server', url: address, connectTimeoutMs: 5_000, statementTimeoutMs: 5_000, maxConnections: 1 },
  })
  try {
    return [...checks, await clock(store), ...(await tableChecks(store, allMigrations))]
  } finally {
    await store.close()
  }
}

/** Leases and schedules compare the database's time with the machine's. */
async function clock(store: PostgresStore): Promise<Check> {
  const sent = Date.now()
  const { rows } = await store.query<{ now: Date }>('select clock_timestamp() as now')
  const skew = (rows[0]?.now.getTime() ?? 0) - (sent + Date.now()) / 2
  const found = `the database is ${Math.abs(Math.round(skew))} ms ${skew < 0 ? 'behind' : 'ahead'}`
  if (Math.abs(skew) < 2_000) return { what: 'clock', is: 'good', found }
  return { what: 'clock', is: Math.abs(skew) < 60_000 ? 'warning' : 'bad', found, remedy: 'Set both clocks by NTP' }
}

function parsed(args: readonly string[]) {
  const { values, positionals } = readArguments(args, { pipeline: text, json: flag, help })
  if (positionals.length > 1) throw wrongUse('doctor wants at most one flow')
  return { file: positionals[0], pipeline: values.pipeline, json: values.json ?? false, help: values.help ?? false }
}
