import { setTimeout as sleep } from 'node:timers/promises'
import type { BackupProgress, BackupResult } from '../backup/backup.ts'
import type { Keep } from '../backup/prune.ts'
import { PipelineError } from '../errors.ts'
import { parser, Type } from '../schema.ts'
import { adminOf } from './node-red.ts'
import type { NodeRedAccess } from './options.ts'

const lookMs = 1_000

const jobs = parser(
  Type.Object({
    job: Type.String(),
    state: Type.Enum(['running', 'done', 'failed']),
    progress: Type.Unsafe<BackupProgress | null>(Type.Union([Type.Object({ phase: Type.String() }), Type.Null()])),
    result: Type.Unsafe<BackupResult | null>(Type.Union([Type.Object({ id: Type.String() }), Type.Null()])),
    error: Type.Union([Type.Object({ code: Type.String(), message: Type.String() }), Type.Null()]),
  }),
  'The answer of Node-RED',
  'CLI_NODE_RED',
)

/**
 * Has a running Node-RED back its own stores up, and waits for the end. Given up here, it is given up there. Throws what the backup throws there, and
 * CLI_NODE_RED.
 */
export async function backupOf(
  to: NodeRedAccess,
  wanted: { to: string; keep: Keep; copyObjects: boolean },
  progress: (progress: BackupProgress) => void,
  signal: AbortSignal,
): Promise<BackupResult> {
  const { get, post } = await adminOf(to)
  let { job, ...now } = await post('ysh/backups', wanted, jobs)
  while (now.state === 'running') {
    if (signal.aborted) {
      await post(`ysh/backups/${encodeURIComponent(job)}/stop`, {}, jobs)
      throw PipelineError.from(signal.reason)
    }
    if (now.progress !== null) progress(now.progress)
    await sleep(lookMs, undefined, { signal }).catch(() => undefined) // the next turn says stop
    ;({ job, ...now } = await get(`ysh/backups/${encodeURIComponent(job)}`, {}, jobs))
  }
  if (now.error !== null) throw new PipelineError(now.error.code, now.error.message)
  if (now.result === null) throw new PipelineError('CLI_NODE_RED', 'Node-RED ended the backup without a result')
  return now.result
}
