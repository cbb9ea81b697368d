import { PipelineError } from './errors.ts'

/** Places where a process can be made to die, for the chaos tests; what lies between them is what a kill can hit. */
export const failPoints = [
  /** A piece of a download is on disk. */
  'download',
  /** A block of rows has gone into a COPY. */
  'copy',
  /** All rows have been sent, the COPY is not over. */
  'copy-end',
  /** A load is staged and its signatures are in the object store; nothing is published. */
  'staged',
  /** All of a publication is done but its commit. */
  'publish-before-commit',
  'publish-after-commit',
  /** A step's work is done, its line in the journal is not committed. */
  'step-before-commit',
  'step-after-commit',
  /** A node has done its work and is about to send. */
  'before-send',
  /** A wait before another try begins, inside a step or between two tries of it. */
  'retry-wait',
  /** The list of an each is in the journal, none of its items is out. */
  'each-open',
  /** An item is recorded, the next one is not out. */
  'join-recorded',
  /** A join is in the journal, its message is not out. */
  'join-complete',
  /** A run is in the journal, its first message is not out. */
  'run-started',
  /** A run's end is committed, nobody knows of it yet. */
  'run-ended',
  /** Outbox entries are leased, none is sent. */
  'outbox-leased',
  /** A receiver has taken an outbox entry, that is not noted. */
  'outbox-sent',
] as const
/** Places inside the writing of a version of a vector collection; test/steps/vector kills there, the chaos plan does not. */
export const vectorFailPoints = [
  /** The version has its number, nothing is written under it. */
  'vector-opened',
  /** Points of a batch are in the store, their documents are not in the ledger. */
  'vector-put',
  /** The documents of a batch are in the ledger. */
  'vector-noted',
  /** A page of points is in the generation that is built beside the live one, the ledger does not know of it. */
  'vector-copied',
  /** All of a publication is done but its commit. */
  'vector-before-publish',
  'vector-after-publish',
] as const
/** One of {@link failPoints} or {@link vectorFailPoints}. */
export type FailPoint = (typeof failPoints)[number] | (typeof vectorFailPoints)[number]

/** The armed place, as `YSH_FAIL_POINT` names it: `name`, or `name:3` for its third passing in one thread. */
const armed = readArmed(process.env.YSH_FAIL_POINT)

/** Nothing at all, unless the environment arms this place: then the process ends itself with SIGKILL. */
export function failPoint(name: FailPoint): void {
  if (armed === undefined || armed.name !== name) return
  armed.left -= 1
  if (armed.left === 0) process.kill(process.pid, 'SIGKILL')
}

function readArmed(text: string | undefined): { name: FailPoint; left: number } | undefined {
  if (text === undefined || text === '') return undefined
  const [, named, count = '1'] = /^([a-z-]+)(?::([1-9]\d*))?$/.exec(text) ?? []
  const name = [...failPoints, ...vectorFailPoints].find((known) => known === named)
  if (name === undefined) throw new PipelineError('CONFIG', `YSH_FAIL_POINT names no fail point: ${text}`)
  return { name, left: Number(count) }
}
