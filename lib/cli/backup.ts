import { join, resolve } from 'node:path'
import { type BackupProgress, backup } from '../backup/backup.ts'
import { passphraseOf, passphraseVariable } from '../backup/passphrase.ts'
import type { Keep } from '../backup/prune.ts'
import { chosen, openPlace, openRepository, type PlaceOptions } from '../backup/repository.ts'
import { restore, verify } from '../backup/restore.ts'
import { PipelineError } from '../errors.ts'
import type { ObjectStore } from '../stores/objects/port.ts'
import { isCreated } from '../stores/postgres/embedded/layout.ts'
import type { PostgresConfig, PostgresStore } from '../stores/postgres/index.ts'
import { readArguments } from './arguments.ts'
import { backupHelp } from './backup-help.ts'
import { made, restored, underWay } from './backup-words.ts'
import { opened } from './database.ts'
import { allMigrations } from './migrations.ts'
import { backupOf } from './node-red-backup.ts'
import { access, type NodeRedAccess } from './options.ts'
import { table } from './tables.ts'

interface Output {
  env: Readonly<Record<string, string | undefined>>
  out(text: string): void
  err(text: string): void
}

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const options = {
  to: text,
  from: text,
  id: text,
  postgres: text,
  folder: text,
  'node-red': text,
  token: text,
  stores: text,
  objects: text,
  'without-objects': flag,
  'copy-objects': flag,
  'user-dir': text,
  'flow-file': text,
  keep: text,
  'keep-days': text,
  replace: flag,
  'as-copy': flag,
  'keep-vectors': flag,
  's3-endpoint': text,
  's3-region': text,
  json: flag,
  quiet: flag,
  help: { type: 'boolean', short: 'h' },
} as const
const throughIt = 'backup works through it: --node-red http://127.0.0.1:1880; for a restore stop it'
const common = ['s3-endpoint', 's3-region', 'json', 'quiet', 'help']
const stores = ['postgres', 'folder', 'objects', 'without-objects', 'user-dir']
const known: Readonly<Record<string, readonly string[]>> = {
  backup: ['to', ...stores, 'node-red', 'token', 'stores', 'copy-objects', 'flow-file', 'keep', 'keep-days'],
  restore: ['from', 'id', ...stores, 'replace', 'as-copy', 'keep-vectors'],
  backups: ['from', 'id'],
}
type Values = ReturnType<typeof read>['values']

/**
 * `ysh-pipeline backup`, `restore` and `backups`. Resolves with the exit code: 0 done, 1 failed, 2 used wrongly. Never throws. An interrupt ends it in good
 * order: what was begun is no backup, and nothing is restored.
 */
export async function backupCommand(args: readonly string[], io: Output): Promise<number> {
  const stop = new AbortController()
  const interrupt = () => stop.abort(new PipelineError('STOPPED', 'Interrupted'))
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, interrupt)
  try {
    const { values, command, rest } = read(args)
    if (values.help) {
      io.out(backupHelp)
      return 0
    }
    const stranger = Object.keys(values).find((name) => ![...common, ...(known[command] ?? [])].includes(name))
    if (stranger !== undefined) throw usage(`--${stranger} does not go with ${command}`)
    if (command === 'backups') return await list(values, rest, io, stop.signal)
    if (rest.length > 0) throw usage(`${command} takes no ${rest.join(' ')}`)
    return command === 'backup' ? await make(values, io, stop.signal) : await bring(values, io, stop.signal)
  } catch (thrown) {
    const { code, message } = PipelineError.from(thrown)
    io.err(`${code}: ${message}`)
    return code === 'CLI_USAGE' ? 2 : 1
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, interrupt)
  }
}

async function make(values: Values, io: Output, signal: AbortSignal): Promise<number> {
  const to = values.to ?? io.env.YSH_BACKUP
  if (!to) throw usage('Say where the backup goes: --to DIR or --to s3://bucket/prefix')
  const keep = keepOf(values)
  const tell = teller(values, io)
  const nodeRed = nodeRedOf(values, io.env)
  if (nodeRed !== undefined) {
    const wrong = ['objects', 'without-objects', 'user-dir', 's3-endpoint', 's3-region'].find((name) =>
      Object.hasOwn(values, name),
    )
    if (wrong !== undefined) throw usage(`--${wrong} does not go with --node-red, which knows its own stores`)
    const result = await backupOf(
      nodeRed,
      { to: place(to), keep, copyObjects: values['copy-objects'] === true },
      tell,
      signal,
    )
    return report(values, io, result, made(result))
  }
  const passphrase = await passphraseOf(io.env[passphraseVariable], signal)
  const store = await source(values, io.env, false)
  try {
    const repository = await openRepository(to, aws(values))
    try {
      const result = await backup(repository, {
        postgres: store.postgres,
        ...(store.objects === undefined ? {} : { objects: store.objects }),
        ...(values['copy-objects'] ? { listOnly: false } : {}),
        ...(values['user-dir'] === undefined ? {} : { userFolder: resolve(values['user-dir']) }),
        ...(values['flow-file'] === undefined ? {} : { flowFile: values['flow-file'] }),
        ...(passphrase === undefined ? {} : { passphrase }),
        ...{ keep, signal, progress: tell },
      })
      return report(values, io, result, made(result))
    } finally {
      await repository.close()
    }
  } finally {
    await store.close()
  }
}

async function bring(values: Values, io: Output, signal: AbortSignal): Promise<number> {
  const from = values.from ?? io.env.YSH_BACKUP
  if (!from) throw usage('Say where the backup is: --from DIR or --from s3://bucket/prefix')
  const repository = await openRepository(from, { ...aws(values), existing: true })
  try {
    const passphrase = await passphraseOf(io.env[passphraseVariable], signal)
    // Before a folder is made: a wrong address must not leave an empty store.
    await chosen(repository, values.id)
    const store = await source(values, io.env, true)
    try {
      const result = await restore(repository, {
        postgres: store.postgres,
        ...(store.objects === undefined ? {} : { objects: store.objects }),
        ...(values.id === undefined ? {} : { id: values.id }),
        ...(values['user-dir'] === undefined ? {} : { userFolder: resolve(values['user-dir']) }),
        ...(passphrase === undefined ? {} : { passphrase }),
        ...{ replace: values.replace === true, asCopy: values['as-copy'] === true },
        ...{ keepVectors: values['keep-vectors'] === true, known: allMigrations },
        ...{ signal, progress: teller(values, io) },
      })
      return report(values, io, result, restored(result, values['as-copy'] === true))
    } finally {
      await store.close()
    }
  } finally {
    await repository.close()
  }
}

async function list(values: Values, [action, ...more]: string[], io: Output, signal: AbortSignal): Promise<number> {
  const from = values.from ?? io.env.YSH_BACKUP
  if ((action !== 'list' && action !== 'check') || more.length > 0) throw usage('backups wants one of: list, check')
  if (!from) throw usage('Say where the backups are: --from DIR or --from s3://bucket/prefix')
  const repository = await openRepository(from, { ...aws(values), existing: true })
  try {
    if (action === 'check') {
      const manifest = await chosen(repository, values.id)
      await verify(repository, manifest, signal, teller(values, io))
      return report(values, io, { id: manifest.id, whole: true }, `${manifest.id} is whole: every file has its hash.`)
    }
    const backups: Record<string, unknown>[] = []
    for (const id of await repository.list()) {
      backups.push(
        await repository.manifest(id).then(
          ({ takenAt, package: version, rows, objects, source: { kind } }) => ({
            ...{ id, takenAt, version, kind, objects: objects.objects, kept: objects.kept },
            rows: rows.reduce((sum, each) => sum + each.rows, 0),
          }),
          (error: unknown) => ({ id, error: PipelineError.from(error).code }),
        ),
      )
    }
    const rows = backups.map((each) =>
      ['id', 'takenAt', 'kind', 'rows', 'objects', 'kept', 'version', 'error'].map((name) => String(each[name] ?? '')),
    )
    const head = ['ID', 'TAKEN', 'STORE', 'ROWS', 'OBJECTS', 'KEPT', 'VERSION', 'ERROR']
    return report(values, io, { backups }, rows.length === 0 ? 'No backups.' : table(head, rows))
  } finally {
    await repository.close()
  }
}

interface Source {
  postgres: PostgresStore
  objects: ObjectStore | undefined
  close(): Promise<void>
}

/** The stores of a command: a folder with both, or a server and a place of objects. */
async function source(values: Values, env: Output['env'], making: boolean): Promise<Source> {
  if (values.postgres !== undefined && values.folder !== undefined) throw usage('Either --postgres or --folder')
  const url = values.postgres ?? (values.folder === undefined ? env.YSH_POSTGRES : undefined)
  const folder = values.folder ?? (url ? undefined : env.YSH_FOLDER)
  if (!url && !folder) throw usage('Say which stores are meant: --folder DIR, --postgres URL or --node-red URL')
  const without = values['without-objects'] === true
  if (without && values.objects !== undefined) throw usage('Either --objects or --without-objects')
  const objectPlace = values.objects ?? (folder ? join(folder, 'objects') : undefined)
  if (!without && objectPlace === undefined) {
    throw usage('A server has no objects: --objects DIR, --objects s3://bucket/prefix or --without-objects')
  }
  const postgres = await opened(url ? { kind: 'server', url } : await embedded(folder ?? '', making), throughIt)
  try {
    const objects = without || objectPlace === undefined ? undefined : await openPlace(objectPlace, aws(values))
    return {
      postgres,
      objects,
      async close() {
        await objects?.close()
        await postgres.close()
      },
    }
  } catch (error) {
    await postgres.close()
    throw error
  }
}

async function embedded(folder: string, making: boolean): Promise<PostgresConfig> {
  const place = resolve(folder, 'postgres')
  if (making || (await isCreated(place))) return { kind: 'embedded', folder: place }
  throw new PipelineError('NO_PIPELINE', `There is no embedded database in ${folder}`)
}

function nodeRedOf(values: Values, env: Output['env']): NodeRedAccess | undefined {
  const own = values['node-red'] ?? ((values.folder ?? values.postgres) ? undefined : env.YSH_NODE_RED)
  if (!own) return undefined
  if (values.folder ?? values.postgres) throw usage('Only one of --postgres, --folder and --node-red is possible')
  return access(own, values.token ?? env.YSH_NODE_RED_TOKEN, values.stores, env)
}

/** A folder as seen from here: Node-RED may run in another one. */
const place = (to: string) => (/^[a-z][a-z0-9+.-]*:\/\//i.test(to) ? to : resolve(to))

function aws(values: Values): PlaceOptions {
  return {
    ...(values['s3-endpoint'] === undefined ? {} : { endpoint: values['s3-endpoint'] }),
    ...(values['s3-region'] === undefined ? {} : { region: values['s3-region'] }),
  }
}

function keepOf(values: Values): Keep {
  const number = (name: 'keep' | 'keep-days'): number | undefined => {
    const given = values[name]
    if (given === undefined) return undefined
    if (!/^[1-9]\d{0,4}$/.test(given)) throw usage(`--${name} wants a number from 1 on`)
    return Number(given)
  }
  const [last, days] = [number('keep'), number('keep-days')]
  return { ...(last === undefined ? {} : { last }), ...(days === undefined ? {} : { days }) }
}

/** Lines of progress, two seconds apart, on the other stream than the result. */
function teller(values: Values, { err }: Output): (progress: BackupProgress) => void {
  let told = performance.now()
  let phase = ''
  return (now) => {
    if (values.quiet || values.json) return
    if (now.phase === phase && performance.now() - told < 2_000) return
    told = performance.now()
    phase = now.phase
    err(underWay(now))
  }
}

function report(values: Values, io: Output, value: unknown, words: string): number {
  io.out(values.json ? JSON.stringify(value, undefined, 2) : words)
  return 0
}

function read(args: readonly string[]) {
  const { values, positionals } = readArguments(args, options)
  const [command = '', ...rest] = positionals
  return { values, command, rest }
}

function usage(message: string): PipelineError {
  return new PipelineError('CLI_USAGE', message)
}
