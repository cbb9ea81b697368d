import { type Infer, Type } from '../schema.ts'
import { canonicalText } from './canonical.ts'

/**
 * What a run did, in a form that is equal on all engines when they agree: one line a try of a durable step, an item that ended, and the run's
 * end. Nothing in it is a time, a machine, a message's words or an id of one engine.
 *
 * Who writes it from what:
 * - Node-RED, out of the journal: failed tries from `pipeline.step_attempt`, the last one from `pipeline.step`, items from rows with
 *   `recorded_by`, the end from `pipeline.run`; in the order of their transactions.
 * - The local executor of Step Functions: each call of the runtime and what it answered or threw, in the order of the calls.
 * - Airflow's runner, the queue's worker: each call of `ysh-pipeline step`, likewise.
 */
export const TraceLineSchema = Type.Object({
  step: Type.String({ description: "The node's path; of an item its map's, of the run ''" }),
  item: Type.String({ description: 'Path of the item in the run' }),
  attempt: Type.Integer({ minimum: 1 }),
  class: Type.Enum(['ok', 'retryable', 'timeout', 'permanent'], {
    description: "Of the try's error; ok where it has none",
  }),
  code: Type.Union([Type.String(), Type.Null()]),
  output: Type.Union([Type.String(), Type.Null()], {
    description: 'SHA-256 of the canonical JSON of the output; null after an error',
  }),
  tier: Type.Union([Type.Enum(['primary', 'backup', 'cache']), Type.Null()], {
    description: 'Of a manifest that has one',
  }),
})

export const TraceSchema = Type.Object({
  pipeline: Type.String(),
  outcome: Type.Enum(['done', 'failed']),
  lines: Type.Array(TraceLineSchema),
})

export type TraceLine = Infer<typeof TraceLineSchema>
export type Trace = Infer<typeof TraceSchema>

/** What a line tells of an output: nothing more, so that equal results are equal whatever else they carry. */
export function tierOf(output: unknown): TraceLine['tier'] {
  const tier: unknown =
    typeof output === 'object' && output !== null ? Object.getOwnPropertyDescriptor(output, 'tier')?.value : undefined
  return tier === 'primary' || tier === 'backup' || tier === 'cache' ? tier : null
}

/** The class of a try's error. */
export function classOf(error: { code: string; retryable: boolean } | undefined): TraceLine['class'] {
  if (error === undefined) return 'ok'
  if (error.code === 'TIMEOUT') return 'timeout'
  return error.retryable ? 'retryable' : 'permanent'
}

/**
 * The lines in the one order: by item, and in an item as they happened. Items are beside each other, so between them there is no order that
 * engines could share. Lines must come in the order they happened.
 */
export function canonicalTrace({ pipeline, outcome, lines }: Trace): Trace {
  const byItem = Map.groupBy(lines, ({ item }) => item)
  const items = [...byItem].sort(([one], [other]) => (one < other ? -1 : 1))
  return { pipeline, outcome, lines: items.flatMap(([, own]) => own) }
}

/**
 * What a run did, whatever was killed meanwhile: tries of one step for one item stand together, without their numbers, and equal ones
 * that follow each other are one. For a try that failed may be made again after a restart: its end was noted, what became of it was not.
 */
export function withoutRepeats(trace: Trace): Trace {
  const byStep = Map.groupBy(canonicalTrace(trace).lines, ({ item, step }) => canonicalText([item, step]))
  const lines = [...byStep.values()].flatMap((tries) => {
    const bare = tries.map((line) => ({ ...line, attempt: 1 }))
    return bare.filter((line, at) => canonicalText(line) !== canonicalText(bare[at - 1] ?? null))
  })
  return { ...trace, lines }
}

/** The first line in which two traces differ, in words; undefined when they are equal. */
export function difference(one: Trace, other: Trace): string | undefined {
  const [a, b] = [canonicalTrace(one), canonicalTrace(other)]
  for (let at = 0; at < Math.max(a.lines.length, b.lines.length); at++) {
    const [here, there] = [a.lines[at], b.lines[at]].map((line) =>
      line === undefined ? 'nothing' : canonicalText(line),
    )
    if (here !== there) return `line ${at + 1}: ${here} | ${there}`
  }
  return a.outcome === b.outcome ? undefined : `outcome: ${a.outcome} | ${b.outcome}`
}
