import { readList } from './object-list.ts'
import { keysUnder, manifestKey, type Repository, takenAt } from './repository.ts'

/** Which backups stay, the newest always: those that any of the two keeps. Nothing said keeps all. */
export interface Keep {
  /** The newest so many. */
  last?: number
  /** Those of the last so many days. */
  days?: number
}

/** Hashes held in memory at once; more are gone through in several rounds. */
const mostHashes = 200_000

/**
 * Removes backups that are not to be kept, what broken-off ones have left, and the objects that no backup names any more. The caller holds the lock.
 * Resolves with the ids that it removed.
 */
export async function prune(repository: Repository, keep: Keep, signal: AbortSignal): Promise<string[]> {
  const { objects } = repository
  const ids = await repository.list()
  const old = ids.filter((id, at) => !isKept(id, ids.length - at, keep))
  const stay = new Set(ids.filter((id) => !old.includes(id)))
  // The manifest first: without it the rest is no backup.
  for (const id of old) await objects.delete(manifestKey(id))
  let left = old.length > 0
  for await (const key of keysUnder(objects, 'backups/')) {
    signal.throwIfAborted()
    const id = key.split('/')[1] ?? ''
    if (stay.has(id)) continue
    left = true
    await objects.delete(key)
  }
  if (left) await sweepBlobs(repository, [...stay], signal)
  return old
}

function isKept(id: string, place: number, { last, days }: Keep): boolean {
  if ((last === undefined && days === undefined) || place === 1) return true
  if (last !== undefined && place <= last) return true
  if (days === undefined) return false
  const taken = takenAt(id)
  return taken === undefined || Date.now() - taken <= days * 86_400_000
}

/** Removes the objects that none of the backups names. A manifest that cannot be read keeps everything. */
async function sweepBlobs(repository: Repository, ids: readonly string[], signal: AbortSignal): Promise<void> {
  const { objects } = repository
  const manifests = []
  for (const id of ids) {
    const manifest = await repository.manifest(id).catch(() => undefined)
    if (manifest === undefined) return
    manifests.push(manifest)
  }
  const total = manifests.reduce((sum, manifest) => sum + manifest.objects.objects, 0)
  const rounds = Math.min(256, Math.ceil(total / mostHashes) || 1)
  for (let round = 0; round < rounds; round += 1) {
    const mine = (sha256: string) => Number.parseInt(sha256.slice(0, 2), 16) % rounds === round
    const named = new Set<string>()
    for (const manifest of manifests) {
      for (const { sha256 } of manifest.user) named.add(sha256)
      try {
        for await (const { sha256 } of readList(objects, manifest.objects.list, signal))
          if (mine(sha256)) named.add(sha256)
      } catch {
        return // a damaged list says nothing of what may go
      }
    }
    for await (const key of keysUnder(objects, 'blobs/')) {
      const sha256 = key.split('/').at(-1) ?? ''
      if (/^[0-9a-f]{64}$/.test(sha256) && mine(sha256) && !named.has(sha256)) await objects.delete(key)
    }
  }
}
