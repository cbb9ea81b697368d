import { lstat } from 'node:fs/promises'
import { PipelineError } from '../../lib/errors.ts'
import type { RunEngine } from '../../lib/runs/engine.ts'
import { stampOf, type WatchedFile } from '../../lib/steps/events/folder.ts'
import { taken } from '../../lib/steps/events/take.ts'

/** Most files that are remembered of a node; beyond it their content still tells them apart. */
const maxKnown = 100_000

/** Files of a watched folder as events: each content once, remembered over restarts. */
export class FolderSource {
  readonly #engine: RunEngine
  readonly #node: string
  readonly #begin: (slot: string, input: ReturnType<typeof taken>) => Promise<void>

  constructor(
    engine: RunEngine,
    node: string,
    begin: (slot: string, input: ReturnType<typeof taken>) => Promise<void>,
  ) {
    this.#engine = engine
    this.#node = node
    this.#begin = begin
  }

  /** The files that have had their run, with their stamps. */
  async known(): Promise<Map<string, string>> {
    const { rows } = await this.#engine.read((q) =>
      q.query<{ path: string; stamp: string }>(
        'select path, stamp from pipeline.watched_file where node = $1 order by taken_at desc limit $2',
        [this.#node, maxKnown],
      ),
    )
    return new Map(rows.map(({ path, stamp }) => [path, stamp]))
  }

  /** Stores a file and starts its run. Throws EVENT_FILE (retryable) when it was written to meanwhile. */
  async take({ path, file, stamp, modified }: WatchedFile, signal: AbortSignal): Promise<void> {
    const { key, sha256, bytes } = await this.#engine.keepFile(file, signal)
    const after = await lstat(file).catch(() => undefined)
    if (after === undefined || stampOf(after) !== stamp) {
      throw new PipelineError('EVENT_FILE', `${path} was written to while it was read`, { retryable: true })
    }
    const event = {
      ...{
        event: 'created' as const,
        bucket: '',
        key: path,
        versionId: null,
        size: bytes,
        etag: null,
        sequencer: null,
      },
      eventTime: modified.toISOString(),
    }
    await this.#begin(`file ${sha256}`, taken(event, { key, sha256 }))
    await this.#engine.change((tx) =>
      tx.query(
        `insert into pipeline.watched_file (node, path, stamp, sha256, taken_at) values ($1, $2, $3, $4, clock_timestamp())
         on conflict (node, path) do update set stamp = excluded.stamp, sha256 = excluded.sha256, taken_at = excluded.taken_at`,
        [this.#node, path, stamp, sha256],
      ),
    )
  }

  /** Files that are gone; should one come back it is a new file, and its content tells whether it has had its run. */
  async forget(paths: readonly string[]): Promise<void> {
    await this.#engine.change((tx) =>
      tx.query('delete from pipeline.watched_file where node = $1 and path = any($2::text[])', [this.#node, paths]),
    )
  }
}
