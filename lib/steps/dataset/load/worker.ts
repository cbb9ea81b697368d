// A load's own thread: the flow's event loop stays free, and all its memory goes when it ends.
import { dirname } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { PipelineError } from '../../../errors.ts'
import { failPoint } from '../../../fail-point.ts'
import { openConnection } from '../../../stores/postgres/connection.ts'
import { roomError } from '../../../stores/room.ts'
import { judge } from './gates.ts'
import type { FromWorker, LoadJob, ToWorker } from './job.ts'
import { publish } from './publish.ts'
import { stage } from './stage.ts'

const port = parentPort
if (port === null) throw new Error('load/worker is a worker thread')
const say = (message: FromWorker) => port.postMessage(message)
const job: LoadJob = workerData
const controller = new AbortController()
const mayPublish = Promise.withResolvers<string>()
port.on('message', (message: ToWorker) => {
  if (message.kind === 'go') mayPublish.resolve(message.sha256)
  else controller.abort(new PipelineError('STOPPED', 'The load was stopped', { retryable: true }))
})

async function load(): Promise<void> {
  const startedAt = Date.now()
  const connection = await openConnection(job.target)
  let warnings: string[] = []
  try {
    const staged = await stage(
      connection,
      job,
      (phase, done, total, rows) => say({ kind: 'progress', phase, done, total, rows }),
      controller.signal,
      (plan, counts, profile, quarantine) => {
        warnings = judge(plan, counts, profile, job.base ?? undefined, quarantine.samples())
      },
    )
    say({ kind: 'staged' })
    const sha256 = await mayPublish.promise
    failPoint('staged')
    say({ kind: 'progress', phase: 'publish', done: 0, total: staged.counts.rows, rows: staged.counts.rows })
    const result = await publish(connection, job, staged, { sha256, warnings, startedAt })
    failPoint('publish-after-commit')
    say({ kind: 'done', result })
  } finally {
    await connection.close()
  }
}

load()
  .catch(async (error: unknown) => {
    const known = await roomError(error, 'loading', dirname(job.newStateFile))
    say({ kind: 'failed', error: (known ?? PipelineError.from(error, 'LOAD_FAILED')).toJSON() })
  })
  .finally(() => port.close())
