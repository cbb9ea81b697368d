import type { Dirent, Stats } from 'node:fs'
import { lstat, opendir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { PipelineError } from '../../errors.ts'
import { systemTimer, type Timer } from '../../runs/time.ts'
import type { Logger } from '../step.ts'

/** Most files that are looked at; the rest is not taken, and said so. */
const maxFiles = 100_000
const maxDepth = 20
/** Unfinished files, as browsers, editors and copying tools name them, and hidden ones. */
const unfinished = /^[.~]|(\.(part|partial|tmp|temp|crdownload|download|filepart|swp)|~)$/i
const pauseMs = 30_000

/** A file that has come to rest. */
export interface WatchedFile {
  /** In the folder, with `/`. */
  path: string
  file: string
  bytes: number
  modified: Date
  /** Another one whenever the file was written to. */
  stamp: string
}

/** What a folder is watched with. */
export interface FolderOptions {
  folder: string
  prefix: string
  /** In any case of letters. */
  suffix: string
  /** Pause between two looks, in milliseconds. */
  pollMs: number
  /** A file is taken when size and time have not changed for so long, in milliseconds. */
  settleMs: number
  /** Files that were taken before, by path, with their stamp. */
  known: Map<string, string>
  /** Deals with a file; it is asked for again when this throws. */
  take(file: WatchedFile): Promise<void>
  /** Told which of the known files are gone. */
  forget(paths: readonly string[]): Promise<void>
  /** Told what keeps the folder from being read, and undefined when it can be again. */
  report(error: PipelineError | undefined): void
  log: Logger
  signal: AbortSignal
  clock?: Timer
}

/**
 * Looks into a folder until the signal aborts: by name and not by notifications, which network drives do not send and which nobody gets of
 * what came while nothing ran. Links are not followed. Never rejects.
 */
export async function watchFolder(options: FolderOptions): Promise<void> {
  const { signal, report, clock = systemTimer, pollMs } = options
  const watch = new Watch(options, clock)
  while (!signal.aborted) {
    let pause = pollMs
    try {
      await watch.look()
      report(undefined)
    } catch (thrown) {
      if (signal.aborted) return
      report(PipelineError.from(thrown, 'EVENT_FOLDER'))
      pause = Math.max(pollMs, pauseMs)
    }
    await clock.sleep(pause, signal).catch(() => undefined)
  }
}

class Watch {
  readonly #options: FolderOptions
  readonly #clock: Timer
  /** Files that may still be growing: their stamp, and since when they have it. */
  #resting = new Map<string, { stamp: string; since: number }>()
  #toldOfMany = false

  constructor(options: FolderOptions, clock: Timer) {
    this.#options = options
    this.#clock = clock
  }

  async look(): Promise<void> {
    const { known, settleMs, signal, take, forget, log } = this.#options
    const resting = new Map<string, { stamp: string; since: number }>()
    const seen = new Set<string>()
    const now = this.#clock.monotonic()
    for await (const file of this.#files()) {
      if (signal.aborted) return
      seen.add(file.path)
      if (known.get(file.path) === file.stamp) continue
      const before = this.#resting.get(file.path)
      const since = before?.stamp === file.stamp ? before.since : now
      if (file.bytes === 0 || before?.stamp !== file.stamp || now - since < settleMs) {
        resting.set(file.path, { stamp: file.stamp, since })
        continue
      }
      try {
        await take(file)
        known.set(file.path, file.stamp)
      } catch (thrown) {
        if (signal.aborted) return
        const { code, message } = PipelineError.from(thrown)
        log.warn(`${file.path} could not be taken yet: ${code}: ${message}`)
        // it has to rest anew: no fast loop over one bad file
        resting.set(file.path, { stamp: file.stamp, since: now })
      }
    }
    this.#resting = resting
    const gone = [...known.keys()].filter((path) => !seen.has(path))
    if (gone.length === 0 || seen.size >= maxFiles) return
    await forget(gone)
    for (const path of gone) known.delete(path)
  }

  async *#files(): AsyncGenerator<WatchedFile, void, void> {
    const { folder, prefix, suffix, log } = this.#options
    let files = 0
    for await (const file of walk(folder, 0)) {
      const path = relative(folder, file).split(sep).join('/')
      if (!path.startsWith(prefix) || !path.toLowerCase().endsWith(suffix.toLowerCase())) continue
      files += 1
      if (files > maxFiles) {
        if (!this.#toldOfMany) log.warn(`${folder} has more than ${maxFiles} files; the rest is not looked at`)
        this.#toldOfMany = true
        return
      }
      const stats = await lstat(file).catch(() => undefined) // gone meanwhile
      if (stats?.isFile()) {
        yield { path, file, bytes: stats.size, modified: stats.mtime, stamp: stampOf(stats) }
      }
    }
  }
}

/** Size and time: whoever writes to a file changes at least one. No inode: on network drives it is another one each time. */
export function stampOf({ size, mtimeMs }: Stats): string {
  return `${size} ${mtimeMs}`
}

async function* walk(folder: string, depth: number): AsyncGenerator<string, void, void> {
  const folders: Dirent[] = []
  let entries: Awaited<ReturnType<typeof opendir>>
  try {
    entries = await opendir(folder)
  } catch (cause) {
    if (depth > 0) return // gone meanwhile, or not ours to read
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new PipelineError('EVENT_FOLDER', `The watched folder cannot be read: ${message}`, { retryable: true, cause })
  }
  for await (const entry of entries) {
    if (unfinished.test(entry.name)) continue
    if (entry.isFile()) yield join(folder, entry.name)
    else if (entry.isDirectory() && depth < maxDepth) folders.push(entry)
  }
  for (const { name } of folders) yield* walk(join(folder, name), depth + 1)
}
