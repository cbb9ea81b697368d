import { existsSync, readFileSync } from 'node:fs'
import { PipelineError } from '../errors.ts'
import { parser, Type } from '../schema.ts'
import type { ObjectStore } from '../stores/objects/port.ts'
import type { PostgresStore } from '../stores/postgres/port.ts'
import { writeFile } from './files.ts'
import { type BackupFile, backupFormat, type Manifest, writeManifest } from './manifest.ts'
import { linesOf, type ObjectEntry, readList } from './object-list.ts'
import { copyObjects, type ObjectCounts } from './objects.ts'
import { type Keep, prune } from './prune.ts'
import { chosen, locked, manifestKey, newId, type Repository, writing } from './repository.ts'
import { takeRows } from './rows.ts'
import { takeUserFiles } from './user-files.ts'

/** Phases of a backup and of a restore, with how far they are. */
export interface BackupProgress {
  phase: 'objects' | 'rows' | 'prune' | 'check'
  done: number
}

/** What is to be backed up, and how. */
export interface BackupOptions {
  postgres: PostgresStore
  /** Left out: none are taken, and none are missed in a restore. */
  objects?: ObjectStore
  /** Only list them: what is in a bucket has its own versioning and replication. By default those of S3. */
  listOnly?: boolean
  /** Node-RED's user folder; left out: its files are not taken. */
  userFolder?: string
  flowFile?: string
  passphrase?: string
  keep?: Keep
  signal: AbortSignal
  progress?(progress: BackupProgress): void
}

/** What a backup holds, and what it cost. */
export interface BackupResult {
  id: string
  location: string
  takenAt: string
  tables: number
  rows: number
  rowBytes: number
  objects: number
  objectBytes: number
  /** What lay in no earlier backup. */
  copied: number
  copiedBytes: number
  kept: Manifest['objects']['kept']
  vectors: Manifest['vectors']
  userFiles: string[]
  /** Views over what is none of ours. */
  leftOut: string[]
  /** Ids of backups that were removed. */
  removed: string[]
  seconds: number
}

/**
 * Backs a pipeline up into a repository while runs go on: its rows as one instant saw them, every object that they name, the files of Node-RED. The
 * manifest is written last, so that what broke off is no backup; the next one clears it away. Throws BACKUP_BUSY, BACKUP_FULL, NO_PIPELINE and what
 * the stores throw.
 */
export function backup(repository: Repository, options: BackupOptions): Promise<BackupResult> {
  return locked(repository, options.signal, (signal) => write(repository, { ...options, signal }))
}

async function write(repository: Repository, options: BackupOptions): Promise<BackupResult> {
  const { postgres, signal, progress = () => {} } = options
  const began = performance.now()
  const beganAt = new Date()
  await demandPipeline(postgres)
  const to = repository.objects
  const id = newId(beganAt, await repository.list())
  const folder = `backups/${id}`
  await put(to, `${folder}/began.json`, Buffer.from(JSON.stringify({ beganAt })), signal)

  const objects = await startObjects(repository, folder, options)
  const taken = await takeRows(
    postgres,
    { objects: to, folder },
    { signal, progress: (rows) => progress({ phase: 'rows', done: rows }) },
  )
  // Rows name objects that were there before them, so that the second look finds all of them.
  const list = await objects.finish()
  const user =
    options.userFolder === undefined
      ? []
      : await takeUserFiles(options.userFolder, to, {
          passphrase: options.passphrase,
          ...(options.flowFile === undefined ? {} : { flowFile: options.flowFile }),
          signal,
        })
  const manifest: Manifest = {
    format: backupFormat,
    id,
    beganAt: beganAt.toISOString(),
    package: packageVersion(),
    source: { kind: postgres.kind, version: await serverVersion(postgres) },
    ...taken,
    objects: list.manifest,
    user,
  }
  signal.throwIfAborted()
  await put(to, manifestKey(id), writeManifest(manifest), signal)
  if (options.keep !== undefined) progress({ phase: 'prune', done: 0 })
  const removed = await prune(repository, options.keep ?? {}, signal)
  return {
    id,
    location: to.location,
    takenAt: taken.takenAt,
    tables: taken.structure.tables.length,
    rows: taken.rows.reduce((sum, { rows }) => sum + rows, 0),
    rowBytes: taken.rows.reduce((sum, { file }) => sum + file.bytes, 0),
    objects: list.manifest.objects,
    objectBytes: list.manifest.bytes,
    ...list.cost,
    kept: list.manifest.kept,
    vectors: taken.vectors,
    userFiles: user.map(({ path }) => path),
    leftOut: taken.structure.leftOut,
    removed,
    seconds: Math.round((performance.now() - began) / 100) / 10,
  }
}

interface ObjectsUnderWay {
  finish(): Promise<{ manifest: Manifest['objects']; cost: { copied: number; copiedBytes: number } }>
}

/** Takes the objects that are there, most of the work; `finish` takes those that came since and keeps those that went. */
async function startObjects(
  repository: Repository,
  folder: string,
  { objects: from, listOnly = from?.kind === 's3', signal, progress = () => {} }: BackupOptions,
): Promise<ObjectsUnderWay> {
  if (from === undefined) {
    const manifest: Manifest['objects'] = { kept: 'none', location: '', objects: 0, bytes: 0, list: null }
    return { finish: async () => ({ manifest, cost: { copied: 0, copiedBytes: 0 } }) }
  }
  const to = repository.objects
  if (from.location === to.location) {
    throw new PipelineError('BACKUP_PLACE', `${to.location} is the object store itself: choose another place`)
  }
  let cost = { copied: 0, copiedBytes: 0 }
  const pass = async (key: string, before: AsyncIterator<ObjectEntry>, keepGone: boolean) => {
    const counts: ObjectCounts = { objects: 0, bytes: 0, ...cost }
    const list = copyObjects(from, to, before, {
      ...{ signal, counts, listOnly, keepGone },
      progress: () => progress({ phase: 'objects', done: counts.objects }),
    })
    const file: BackupFile = await writeFile(to, key, linesOf(list), signal)
    cost = { copied: counts.copied, copiedBytes: counts.copiedBytes }
    return { file, counts }
  }
  const first = await pass(`${folder}/objects-before.gz`, await lastList(repository, listOnly, signal), false)
  return {
    async finish() {
      const { file, counts } = await pass(`${folder}/objects.gz`, readList(to, first.file, signal), true)
      await to.delete(first.file.key)
      const kept = listOnly ? 'listed' : 'copied'
      const manifest: Manifest['objects'] = {
        ...{ kept, location: from.location, objects: counts.objects, bytes: counts.bytes, list: file },
      }
      return { manifest, cost }
    },
  }
}

/** The list of the newest backup that can be built upon. */
async function lastList(
  repository: Repository,
  listOnly: boolean,
  signal: AbortSignal,
): Promise<AsyncIterator<ObjectEntry>> {
  try {
    const { objects } = await chosen(repository)
    const fits = listOnly ? objects.kept !== 'none' : objects.kept === 'copied'
    return readList(repository.objects, fits ? objects.list : null, signal)
  } catch {
    return readList(repository.objects, null, signal) // none yet, or a damaged one: everything is looked at anew
  }
}

async function demandPipeline(postgres: PostgresStore): Promise<void> {
  const { rows } = await postgres.query<{ there: boolean }>(
    `select to_regclass('pipeline.migration') is not null as there`,
  )
  if (rows[0]?.there === true) return
  throw new PipelineError('NO_PIPELINE', 'There is no pipeline here: has Node-RED ever used this database?')
}

async function put(to: ObjectStore, key: string, bytes: Buffer, signal: AbortSignal): Promise<void> {
  try {
    await to.put(key, bytes, { contentType: 'application/json', signal })
  } catch (error) {
    throw writing(error, to.location)
  }
}

async function serverVersion(postgres: PostgresStore): Promise<string> {
  const { rows } = await postgres.query<{ version: string }>(`select current_setting('server_version') as version`)
  return rows[0]?.version ?? ''
}

const packages = parser(Type.Object({ name: Type.String(), version: Type.String() }), 'package.json')

/** The version of this package, from the package.json above this file, in the sources as in `dist/`. */
export function packageVersion(): string {
  for (let folder = new URL('./', import.meta.url); folder.pathname !== '/'; folder = new URL('../', folder)) {
    const file = new URL('package.json', folder)
    if (existsSync(file)) return packages.parse(JSON.parse(readFileSync(file, 'utf8'))).version
  }
  return 'unknown'
}
