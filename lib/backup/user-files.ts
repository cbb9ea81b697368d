import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from 'node:crypto'
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { PipelineError } from '../errors.ts'
import type { ObjectStore } from '../stores/objects/port.ts'
import { bodyOf } from './files.ts'
import type { UserFile } from './manifest.ts'
import { blobKey, writing } from './repository.ts'

/** What Node-RED cannot do without. Credentials lie in it encrypted. Settings are the package's, or whoever wrote their own keeps them. */
const plain = ['flows.json', 'flows_cred.json', 'package.json', '.config.nodes.json', '.config.users.json']
/** Only with a passphrase: what opens the credentials (`.config.runtime.json` where Node-RED made its own key), and the hash of the login. */
const secret = ['credential-secret', '.config.runtime.json', 'admin-login.json']
const maxBytes = 50_000_000
const magic = Buffer.from('YSHENC1\n')

/**
 * Takes the files of a Node-RED user folder that make it what it is: flows, encrypted credentials, its list of packages. The secret that the
 * credentials are encrypted by is taken only under a passphrase, itself encrypted (scrypt, AES-256-GCM): a backup that holds lock and key is a
 * leak. Throws BACKUP_USER_FOLDER, BACKUP_FULL.
 */
export async function takeUserFiles(
  folder: string,
  to: ObjectStore,
  { passphrase, flowFile, signal }: { passphrase?: string | undefined; flowFile?: string; signal: AbortSignal },
): Promise<UserFile[]> {
  const flows = flowFile === undefined ? [] : [flowFile, flowFile.replace(/\.json$/, '_cred.json')]
  const names = [...new Set([...plain, ...flows])].map((path) => ({ path, encrypted: false }))
  const secrets = passphrase === undefined ? [] : secret.map((path) => ({ path, encrypted: true }))
  const taken: UserFile[] = []
  for (const { path, encrypted } of [...names, ...secrets]) {
    signal.throwIfAborted()
    const found = await readIf(join(folder, path))
    if (found === undefined) continue
    const bytes = encrypted ? encrypt(found.bytes, passphrase ?? '') : found.bytes
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const key = blobKey(sha256)
    try {
      if ((await to.head(key))?.bytes !== bytes.length) await to.put(key, bytes, { signal })
    } catch (error) {
      throw writing(error, to.location)
    }
    taken.push({ path, bytes: bytes.length, sha256, encrypted, mode: found.mode })
  }
  if (taken.length > 0) return taken
  throw new PipelineError('BACKUP_USER_FOLDER', `There are no flows of Node-RED in ${folder}`)
}

/**
 * The files of a backup as they are to lie in a user folder. All are read and unpacked, so that nothing is written when one is damaged. Throws
 * BACKUP_DAMAGED, BACKUP_PASSPHRASE.
 */
export async function readUserFiles(
  files: readonly UserFile[],
  from: ObjectStore,
  { passphrase, signal }: { passphrase?: string | undefined; signal: AbortSignal },
): Promise<{ path: string; bytes: Buffer; mode: number }[]> {
  const read: { path: string; bytes: Buffer; mode: number }[] = []
  for (const { path, bytes, sha256, encrypted, mode } of files) {
    if (encrypted && passphrase === undefined) continue
    if (path.split('/').includes('..') || path.startsWith('/')) {
      throw new PipelineError('BACKUP_DAMAGED', `The backup has a file outside of the user folder: ${path}`)
    }
    const content = await buffer(await bodyOf(from, { key: blobKey(sha256), bytes, sha256 }, signal))
    if (createHash('sha256').update(content).digest('hex') !== sha256) {
      throw new PipelineError('BACKUP_DAMAGED', `A file of the backup was altered: ${path}`)
    }
    read.push({ path, bytes: encrypted ? decrypt(content, passphrase ?? '', path) : content, mode })
  }
  return read
}

/** Writes files into a user folder, each whole or not at all. */
export async function writeUserFiles(
  folder: string,
  files: readonly { path: string; bytes: Buffer; mode: number }[],
): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const { path, bytes, mode } of files) {
    const file = join(folder, path)
    const draft = `${file}.restoring`
    await mkdir(dirname(file), { recursive: true })
    try {
      await writeFile(draft, bytes, { mode: mode & 0o777 })
      await chmod(draft, mode & 0o777)
      await rename(draft, file)
    } finally {
      await rm(draft, { force: true })
    }
  }
}

/** Names of files of the folder that a restore would replace by others. */
export async function userFilesInTheWay(
  folder: string,
  files: readonly { path: string; bytes: Buffer }[],
): Promise<string[]> {
  const found: string[] = []
  for (const { path, bytes } of files) {
    const there = await readIf(join(folder, path))
    if (there !== undefined && !there.bytes.equals(bytes)) found.push(path)
  }
  return found
}

async function readIf(file: string): Promise<{ bytes: Buffer; mode: number } | undefined> {
  try {
    const { size, mode } = await stat(file)
    if (size > maxBytes) throw new PipelineError('BACKUP_USER_FOLDER', `${file} is larger than ${maxBytes / 1e6} MB`)
    return { bytes: await readFile(file), mode: mode & 0o777 }
  } catch (error) {
    if (error instanceof PipelineError) throw error
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new PipelineError('BACKUP_USER_FOLDER', `${file} cannot be read (${String(code)})`, { cause: error })
  }
}

function encrypt(bytes: Buffer, passphrase: string): Buffer {
  const salt = randomBytes(16)
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', keyOf(passphrase, salt), iv)
  const body = Buffer.concat([cipher.update(bytes), cipher.final()])
  return Buffer.concat([magic, salt, iv, cipher.getAuthTag(), body])
}

function decrypt(bytes: Buffer, passphrase: string, path: string): Buffer {
  const at = magic.length
  const decipher = createDecipheriv(
    'aes-256-gcm',
    keyOf(passphrase, bytes.subarray(at, at + 16)),
    bytes.subarray(at + 16, at + 28),
  )
  decipher.setAuthTag(bytes.subarray(at + 28, at + 44))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(at + 44)), decipher.final()])
  } catch {
    throw new PipelineError('BACKUP_PASSPHRASE', `The passphrase does not open ${path}`)
  }
}

const keyOf = (passphrase: string, salt: Buffer) =>
  scryptSync(passphrase, salt, 32, { N: 1 << 15, r: 8, maxmem: 64 << 20 })
