import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { PipelineError } from '../../../errors.ts'
import { sibling } from '../../../sibling.ts'
import { needRoom } from '../../../stores/room.ts'
import type { Stores } from '../../../stores/stores.ts'
import { spans } from '../../../traces/spans.ts'
import type { Logger, Progress } from '../../step.ts'
import type { FromWorker, LoadJob, LoadResult, ToWorker } from './job.ts'
import { announceLoad, keepLoadAlive, stateKey, sweepLoads, sweepSignatures } from './registry.ts'
import { stagingTables } from './stage.ts'

/** What a load needs beside the job's own data. */
export interface LoadContext {
  stores: Stores
  signal: AbortSignal
  log: Logger
  progress(progress: Progress): void
}

/** A load before the thread's own details are filled in. */
export type LoadRequest = Omit<LoadJob, 'id' | 'target' | 'stateFile' | 'newStateFile' | 'newStateKey'> & {
  /** Of the file's bytes; a promise where it is still being worked out, which then runs beside the load. */
  sha256: string | Promise<string>
}

const HEARTBEAT_MS = 30_000
const STATEMENT_MS = 30 * 60_000
/** What a first load takes of the embedded store's disk, rows, index and log, in times the file's size. */
const ROOM = 2

/**
 * Loads a file as the next version of a dataset's part, in a thread of its own. All or nothing: on any error the last good
 * version stays as it was. Errors: STORE_FULL before anything is written where it would not fit; see `inspect`, `planLoad`, `judge`, `publish`.
 */
export async function runLoad(request: LoadRequest, context: LoadContext): Promise<LoadResult> {
  const { dataset } = request.contract
  const attributes = { 'db.system.name': 'postgresql', 'db.operation.name': 'COPY', 'db.collection.name': dataset }
  return spans.within({ name: `COPY ${dataset}`, kind: 'client', attributes }, () => load(request, context))
}

async function load(request: LoadRequest, context: LoadContext): Promise<LoadResult> {
  const base = request.base
  const objects = context.stores.objects
  if (base?.stateKey) {
    const known = await objects.head(base.stateKey)
    if (known !== undefined) {
      try {
        const result = await objects.withFile(base.stateKey, (stateFile) => attempt(request, stateFile, context))
        await forget(context, base.stateKey)
        return result
      } catch (error) {
        if (!(error instanceof PipelineError) || error.code !== 'STATE_MISMATCH') throw error
        context.log.warn(`${request.contract.dataset}: ${error.message}; comparing with the table itself`)
      }
    }
  }
  const result = await attempt(request, null, context)
  if (base?.stateKey) await forget(context, base.stateKey)
  return result
}

/** Signatures of a replaced version are of no more use. */
async function forget(context: LoadContext, key: string): Promise<void> {
  try {
    await context.stores.objects.delete(key)
  } catch (error) {
    context.log.warn(`Old signatures ${key} could not be deleted: ${PipelineError.from(error).message}`)
  }
}

async function attempt(request: LoadRequest, stateFile: string | null, context: LoadContext): Promise<LoadResult> {
  const { stores } = context
  const id = randomUUID()
  const { sha256, ...plain } = request
  const job: LoadJob = {
    ...plain,
    id,
    // building an index over millions of rows takes its time
    target: { ...stores.postgres.target, statementTimeoutMs: STATEMENT_MS },
    stateFile,
    newStateFile: join(stores.scratch, `${id}.rows`),
    newStateKey: stateKey(request.contract.dataset, request.part, id),
  }
  const tables = stagingTables(job)
  const about = { dataset: job.contract.dataset, part: job.part, runId: job.run?.id ?? null }
  await sweepLoads(stores.postgres, about)
  const { target } = stores.postgres
  if (target.kind === 'embedded')
    await needRoom(target.folder, job.base === null ? ROOM * job.bytes : 0, `loading ${job.contract.dataset}`)
  await sweepSignatures(stores.postgres, stores.objects, about.dataset, about.part)
  await announceLoad(stores.postgres, {
    ...about,
    id,
    tables: [tables.fresh, tables.candidates, tables.gone].map((name) => `${tables.schema}.${name}`),
  })
  const heartbeat = setInterval(() => {
    keepLoadAlive(stores.postgres, id).catch((error: unknown) =>
      context.log.warn(`The load's lease was not renewed: ${PipelineError.from(error).message}`),
    )
  }, HEARTBEAT_MS)
  try {
    return await inThread(job, sha256, context)
  } catch (error) {
    await endLease(context, job)
    throw error
  } finally {
    clearInterval(heartbeat)
    await Promise.all(['', '.old', '.gone'].map((ending) => rm(`${job.newStateFile}${ending}`, { force: true })))
  }
}

/** A load that failed cleans up at once; what cannot be reached now is left to the next load's sweep. */
async function endLease(context: LoadContext, job: LoadJob): Promise<void> {
  try {
    await context.stores.objects.delete(job.newStateKey)
    await context.stores.postgres.query(
      `update pipeline.load set alive_until = now() - interval '1 second' where id = $1`,
      [job.id],
    )
    await sweepLoads(context.stores.postgres)
  } catch (error) {
    context.log.warn(`Leftovers of the load stay until the next one: ${PipelineError.from(error).message}`)
  }
}

async function inThread(job: LoadJob, sha256: string | Promise<string>, context: LoadContext): Promise<LoadResult> {
  const { signal, stores } = context
  signal.throwIfAborted()
  const worker = new Worker(sibling(import.meta.url, 'worker'), {
    workerData: job,
    // the young generation of a short-lived thread; all bulk data is outside the heap
    resourceLimits: { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 2 },
  })
  const tell = (message: ToWorker) => worker.postMessage(message)
  const abort = () => tell({ kind: 'abort' })
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await new Promise<LoadResult>((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'done') resolve(message.result)
        else if (message.kind === 'failed') reject(PipelineError.fromJSON(message.error))
        else if (message.kind === 'staged') {
          const stored = stores.objects.put(job.newStateKey, { file: job.newStateFile, move: true }, { signal })
          Promise.all([sha256, stored]).then(
            ([hash]) => tell({ kind: 'go', sha256: hash }),
            (error: unknown) => {
              abort()
              reject(error)
            },
          )
        } else if (message.phase === 'load') {
          context.progress({ phase: 'load', done: message.done, total: message.total, unit: 'bytes' })
        } else context.progress({ phase: message.phase, done: message.rows, total: message.rows, unit: 'rows' })
      })
      worker.on('error', (error) => reject(PipelineError.from(error, 'LOAD_CRASHED')))
      worker.on('exit', (code) =>
        reject(
          new PipelineError('LOAD_CRASHED', `The loading thread ended (code ${code}) before its work did`, {
            retryable: true,
          }),
        ),
      )
    })
  } finally {
    signal.removeEventListener('abort', abort)
    await worker.terminate()
  }
}
