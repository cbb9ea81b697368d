import { meter } from '../meter.ts'

/** What steps have processed, read from what they send on; a step that is not here processes nothing that is counted. */
const produced: Readonly<Record<string, (output: Readonly<Record<string, unknown>>) => void>> = {
  'aneel-fetch': rows,
  'utility-scrape': rows,
  'pdf-extract': () => meter.add('pipeline.items.processed', { kind: 'document', outcome: 'done' }),
  'vector-index': (output) =>
    meter.add('pipeline.items.processed', { kind: 'chunk', outcome: 'done' }, figure(output.chunks)),
}

/** Rows of the parts that were published, and of those the ones set aside. */
function rows({ outcome, parts, ...whole }: Readonly<Record<string, unknown>>): void {
  const manifests: unknown[] = Array.isArray(parts) ? parts : [{ ...whole, outcome }]
  for (const part of manifests) {
    if (!isRecord(part) || part.outcome !== 'published') continue
    meter.add('pipeline.items.processed', { kind: 'row', outcome: 'done' }, figure(part.rows))
    meter.add('pipeline.items.processed', { kind: 'row', outcome: 'failed' }, figure(part.quarantined))
  }
}

/** Counts what a step has processed. */
export function noteProduced(step: string, output: unknown): void {
  if (isRecord(output)) produced[step]?.(output)
}

/** Counts what a step could not process. */
export function noteFailed(step: string): void {
  if (step === 'pdf-extract') meter.add('pipeline.items.processed', { kind: 'document', outcome: 'failed' })
}

const figure = (value: unknown) => (typeof value === 'number' ? value : 0)

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
