import { once } from 'node:events'
import { PipelineError } from '../../errors.ts'
import { sibling } from '../../sibling.ts'
import { startThread } from '../../start-thread.ts'
import type { Json } from '../../stores/cache/port.ts'
import type { RowFormat } from './format.ts'
import type { ParquetColumn } from './parquet-file.ts'

/** What the thread is given: values of some rows, column by column; undefined at the end. */
export type ParquetJob = { columns: Json[][]; count: number } | undefined
/** What it answers to each, in order. */
export type ParquetAnswer = Uint8Array

/** A row group of many columns, on a busy machine. In milliseconds. */
const patienceMs = 120_000
/** In MB. Without a bound the thread would let some hundred of litter lie. */
const resourceLimits = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 8 }

/** Parquet, made in a thread of its own: the event loop would stand still for each row group. */
export const parquet: RowFormat = {
  name: 'parquet',
  type: 'application/vnd.apache.parquet',
  numbers: 'text',
  async *write(columns, batches) {
    const workerData: ParquetColumn[] = columns.map(({ name, type, scale }) => ({ name, type, scale }))
    const over = new AbortController()
    const thread = await startThread(
      sibling(import.meta.url, 'parquet-worker'),
      { workerData, resourceLimits },
      over.signal,
    )
    // What it fails with rejects the answer that is waited for; between two of them nobody would hear.
    thread.on('error', () => undefined)
    const ask = async (job: ParquetJob): Promise<ParquetAnswer> => {
      const late = new AbortController()
      const timer = setTimeout(() => late.abort(), patienceMs)
      try {
        const answer = once(thread, 'message', { signal: late.signal })
        thread.postMessage(job)
        const [bytes] = await answer
        return bytes
      } catch (cause) {
        throw new PipelineError('PARQUET_WRITE', 'A Parquet file could not be written', { cause })
      } finally {
        clearTimeout(timer)
      }
    }
    try {
      for await (const { rows } of batches) {
        const values = columns.map(({ name }) => rows.map((row) => row[name] ?? null))
        const bytes = await ask({ columns: values, count: rows.length })
        if (bytes.length > 0) yield bytes
      }
      yield await ask(undefined)
    } finally {
      await thread.terminate()
    }
  },
}
