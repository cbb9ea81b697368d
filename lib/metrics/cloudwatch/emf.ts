import { appendFile, rename, stat } from 'node:fs/promises'
import { PipelineError } from '../../errors.ts'
import { unlessStopped } from '../../stopped.ts'
import { type Batch, dimension, namespace } from './datum.ts'

/** The file that the agent reads begins anew at this size; the one before stays beside it. */
const fileBytes = 5_000_000
/** Most numbers of an array. */
const mostNumbers = 100
/** Most lines of one batch: beyond, counts are scaled down to fit. */
const mostLines = 20

/**
 * A batch as lines of CloudWatch's embedded metric format, without line ends. It has no counts: a value stands as often as it was seen, and
 * what has no room in a line goes into the next.
 */
export function emfLines({ at, pipeline, data }: Batch): string[] {
  const rows = data.map(({ name, unit, values, counts }) => ({ name, unit, numbers: repeated(values, counts) }))
  const lines = Math.max(0, ...rows.map(({ numbers }) => Math.ceil(numbers.length / mostNumbers)))
  return Array.from({ length: lines }, (_, index) => {
    const parts = rows.flatMap(({ name, unit, numbers }) => {
      const part = numbers.slice(index * mostNumbers, (index + 1) * mostNumbers)
      return part.length === 0 ? [] : [{ name, unit, part }]
    })
    return JSON.stringify({
      _aws: {
        Timestamp: at,
        CloudWatchMetrics: [
          {
            Namespace: namespace,
            Dimensions: [[dimension]],
            Metrics: parts.map(({ name, unit }) => ({ Name: name, Unit: unit })),
          },
        ],
      },
      [dimension]: pipeline,
      ...Object.fromEntries(parts.map(({ name, part }) => [name, part.length === 1 ? part[0] : part])),
    })
  })
}

/** Each value as often as it was seen; of very many a sample with the same shape. */
function repeated(values: readonly number[], counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0)
  const scale = Math.min(1, ((mostLines - 1) * mostNumbers) / total)
  return values.flatMap((value, index) =>
    Array.from({ length: Math.max(1, Math.round((counts[index] ?? 0) * scale)) }, () => value),
  )
}

/** Writes lines to standard output. A reader that does not keep up loses lines and holds up nobody. */
export function toStdout(lines: readonly string[]): void {
  if (process.stdout.writableLength < 1_000_000) process.stdout.write(lines.map((line) => `${line}\n`).join(''))
}

/** Makes a function that appends lines to a file and begins it anew when it has grown. It throws EMF_FILE. */
export function toFile(file: string) {
  return async (lines: readonly string[], signal: AbortSignal): Promise<void> => {
    try {
      await unlessStopped(signal, async () => {
        const size = await stat(file).then(
          (found) => found.size,
          () => 0,
        )
        if (size > fileBytes) await rename(file, `${file}.1`)
        await appendFile(file, lines.map((line) => `${line}\n`).join(''), { mode: 0o640 })
      })
    } catch (cause) {
      const { code, message } = PipelineError.from(cause)
      if (code === 'STOPPED') throw cause
      throw new PipelineError('EMF_FILE', `The metrics could not be written to ${file}: ${message}`, {
        retryable: true,
        cause,
      })
    }
  }
}
