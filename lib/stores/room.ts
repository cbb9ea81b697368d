import { access, constants, statfs } from 'node:fs/promises'
import { PipelineError } from '../errors.ts'

/** When it is worth looking again whether somebody has made room, in milliseconds. */
const AGAIN_MS = 30_000
/** What is left alone on every disk, in bytes: for the database's log, Node-RED's own files, and a person who has to log in. */
export const SPARE_BYTES = 64 * 1024 ** 2

const full = new Set(['ENOSPC', 'EDQUOT'])

/** Bytes that may still be written where `folder` lies; undefined where nobody can tell. */
export async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch {
    return undefined
  }
}

/** Whether the file system under `folder` is read-only. */
export async function isReadOnly(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK)
    return false
  } catch (error) {
    return codeOf(error) === 'EROFS'
  }
}

/** Throws STORE_FULL, with what is free and what is needed, unless `bytes` more fit where `folder` lies and a little stays free. */
export async function needRoom(folder: string, bytes: number, doing: string): Promise<void> {
  const free = await freeBytes(folder)
  const needed = bytes + SPARE_BYTES
  if (free === undefined || free >= needed) return
  throw noRoom(doing, free, needed, folder)
}

/** STORE_FULL, retryable: somebody may make room. Sizes in bytes. */
export function noRoom(
  doing: string,
  free: number | undefined,
  needed: number,
  folder?: string,
  cause?: unknown,
): PipelineError {
  const much = free === undefined ? '' : `${megabytes(free)} free, `
  return new PipelineError('STORE_FULL', `No room left while ${doing}: ${much}${megabytes(needed)} needed`, {
    ...{ retryable: true, retryAfterMs: AGAIN_MS, cause },
    details: { free, needed, ...(folder === undefined ? {} : { folder }) },
  })
}

/** STORE_READ_ONLY, retryable: the volume may be mounted for writing again. */
export function readOnly(doing: string, cause?: unknown): PipelineError {
  return new PipelineError('STORE_READ_ONLY', `The volume is mounted read-only: no ${doing}`, {
    ...{ retryable: true, retryAfterMs: AGAIN_MS, cause },
  })
}

/** STORE_FULL or STORE_READ_ONLY where a file system's error says so; `needed` bytes were to be written to `folder`. */
export async function roomError(
  error: unknown,
  doing: string,
  folder: string,
  needed: number = SPARE_BYTES,
): Promise<PipelineError | undefined> {
  const code = codeOf(error)
  if (full.has(code)) return noRoom(doing, await freeBytes(folder), needed, folder, error)
  return code === 'EROFS' ? readOnly(doing, error) : undefined
}

/** Bytes for people. */
function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MB`
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
