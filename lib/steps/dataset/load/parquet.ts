import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { PipelineError } from '../../../errors.ts'
import { sibling } from '../../../sibling.ts'
import type { OpenSource, streamed } from './source.ts'

/**
 * Opens a Parquet file as CSV bytes, converted by DuckDB in a process of its own (200 MB while it runs), so that Parquet meets
 * the same parser, checks and row hashes as CSV. Needs the optional package `@duckdb/node-api`; without it PARQUET_UNSUPPORTED.
 */
export async function parquetAsCsv(
  file: string,
  size: number,
  open: typeof streamed,
  signal?: AbortSignal,
): Promise<OpenSource> {
  try {
    import.meta.resolve('@duckdb/node-api')
  } catch (cause) {
    throw new PipelineError(
      'PARQUET_UNSUPPORTED',
      'The file is Parquet. To read it, install the optional package: npm install @duckdb/node-api (or choose the CSV format)',
      { cause },
    )
  }
  const child = spawn(process.execPath, [sibling(import.meta.url, 'parquet-child'), file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal ? { signal } : {}),
  })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    if (stderr.length < 4096) stderr += chunk.toString('utf8')
  })
  const stdout: Readable = child.stdout
  // the end of the pipe is only the end of the data when the process says so
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(-1))
    child.once('close', (code) => resolve(code))
  })
  const source = open('parquet', size, stdout, () => 0, [], 16 * 1024 ** 3)
  return {
    ...source,
    read: async (into) => {
      const bytes = await source.read(into)
      if (bytes > 0) return bytes
      const code = await ended
      if (code === 0) return 0
      throw new PipelineError(
        'FILE_BROKEN',
        `The Parquet file cannot be read: ${stderr.trim() || `exit code ${code}`}`,
        {
          retryable: true,
        },
      )
    },
    close: async () => {
      await source.close()
      child.kill('SIGKILL')
      await ended
    },
  }
}
