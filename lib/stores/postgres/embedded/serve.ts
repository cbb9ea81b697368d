import { chmod, cp, mkdir, rename, rm } from 'node:fs/promises'
import { PipelineError } from '../../../errors.ts'
import { freeBytes, isReadOnly, noRoom, readOnly, roomError } from '../../room.ts'
import { Front } from './front.ts'
import { dataFolder, isCreated } from './layout.ts'
import { type Lock, takeLock } from './lock.ts'
import type { Command, Report } from './messages.ts'
import { Room, WRITE_BYTES } from './room.ts'

export { isCommand } from './messages.ts'

/** Settings a PostgreSQL tells its clients at the start. */
const TOLD = [
  'server_version',
  'server_encoding',
  'client_encoding',
  'DateStyle',
  'TimeZone',
  'integer_datetimes',
] as const

// Loaded only with the lock in hand: it takes longer than finding out that the folder is taken.
const loadBackend = () => import('./backend.ts')

let close = async (): Promise<void> => {}

/** Does what the parent asks of the child process. Errors are reported, not thrown. */
export async function handle(command: Command, report: (message: Report) => void): Promise<void> {
  try {
    switch (command.type) {
      case 'ping':
        return report({ type: 'pong' })
      case 'create':
        await create(command)
        return report({ type: 'done' })
      case 'serve':
        close = await serve(command)
        return report({ type: 'ready' })
      case 'close':
        await close()
        process.exit(0)
    }
  } catch (error) {
    const folder = 'folder' in command ? command.folder : '.'
    report({ type: 'failed', error: (await failure(error, folder)).toJSON() })
  }
}

/** Makes the database of a folder that has none, as a copy of the template where there is one. */
async function create({ folder, parent, template }: Extract<Command, { type: 'create' }>): Promise<void> {
  const lock = await takeLock(folder, parent)
  try {
    if (await isCreated(folder)) return
    // Made beside its place and renamed: a kill in the middle leaves no half database under the real name.
    const draft = `${dataFolder(folder)}.new`
    await rm(draft, { recursive: true, force: true })
    await mkdir(draft, { recursive: true, mode: 0o700 })
    if (template !== undefined && (await isCreated(template))) {
      await cp(dataFolder(template), draft, { recursive: true })
      await chmod(draft, 0o700) // the template may be anybody's to read
    } else {
      const { openDatabase } = await loadBackend()
      const database = await openDatabase(draft)
      await database.close()
    }
    await rm(dataFolder(folder), { recursive: true, force: true })
    await rename(draft, dataFolder(folder))
  } finally {
    await lock.release()
  }
}

/** Opens the database of a folder and lets clients in. Resolves with what closes it. */
async function serve(command: Extract<Command, { type: 'serve' }>): Promise<() => Promise<void>> {
  const lock: Lock = await takeLock(command.folder, command.parent)
  const { Backend, openDatabase } = await loadBackend()
  const database = await openDatabase(dataFolder(command.folder))
  const backend = new Backend(database)
  const front = new Front(backend, {
    secret: command.secret,
    parameters: await backend.settings(TOLD),
    idleInTransactionMs: command.idleInTransactionMs,
    room: new Room(command.folder),
    fatal: (error) => {
      // What the backend is in is unknown now: the parent starts another on the folder, which is safe to do.
      process.stderr.write(`${error.stack ?? error.message}\n`)
      process.exit(70)
    },
  })
  // With the lock held nobody else can be at this address: a file there is a dead process's.
  if (command.address.startsWith('/')) await rm(command.address, { force: true })
  await front.listen(command.address)
  return async () => {
    await front.close()
    await backend.close()
    await lock.release()
  }
}

async function failure(error: unknown, folder: string): Promise<PipelineError> {
  if (error instanceof PipelineError) return error
  const doing = 'opening the embedded PostgreSQL'
  const known = await roomError(error, doing, folder, WRITE_BYTES)
  if (known !== undefined) return known
  // PGlite does not say what its PostgreSQL died of.
  const free = await freeBytes(folder)
  if (free !== undefined && free < WRITE_BYTES) return noRoom(doing, free, WRITE_BYTES, folder, error)
  if (await isReadOnly(folder)) return readOnly(doing, error)
  const message = error instanceof Error ? error.message : String(error)
  return new PipelineError('STORE_FAILED', `The embedded PostgreSQL could not be opened: ${message}`, { cause: error })
}
