import { randomUUID } from 'node:crypto'
import { isAbsolute, resolve } from 'node:path'
import type { BackupProgress, BackupResult } from '../../lib/backup/backup.ts'
import { PipelineError } from '../../lib/errors.ts'
import { type Infer, parser, Type } from '../../lib/schema.ts'
import { endAfter } from '../../lib/stopped.ts'
import type { Stores } from '../../lib/stores/stores.ts'
import { answer, bodyOf } from '../kit/admin.ts'
import type { Red } from '../kit/red.ts'
import { deployedEngine } from './deployed.ts'

const answering = {
  patienceMs: 20_000,
  statuses: {
    CONFIG: 400,
    STORES_AMBIGUOUS: 400,
    BACKUP_PLACE: 400,
    NOT_DEPLOYED: 404,
    BACKUP_MISSING: 404,
    BACKUP_BUSY: 409,
  },
}
/** Ended jobs whose end can still be asked for. */
const mostJobs = 20
/** A backup that takes longer is given up. */
const longestMs = 6 * 3_600_000

const RequestSchema = Type.Object(
  {
    to: Type.String({ minLength: 1, maxLength: 1_000 }),
    keep: Type.Object(
      {
        last: Type.Optional(Type.Integer({ minimum: 1 })),
        days: Type.Optional(Type.Integer({ minimum: 1 })),
      },
      { additionalProperties: false, default: {} },
    ),
    copyObjects: Type.Boolean({ default: false }),
  },
  { additionalProperties: false },
)
const requests = parser(RequestSchema, 'The request for a backup', 'CONFIG')

interface Job {
  job: string
  state: 'running' | 'done' | 'failed'
  progress: BackupProgress | null
  result: BackupResult | null
  error: { code: string; message: string } | null
  stop(): void
}

/**
 * Endpoints for the command line: a backup of the deployed stores, while flows run. It is made in this process, which alone may open the embedded
 * store. Each takes `stores`, the id of a deployed `ysh-stores`.
 *
 * - `POST ysh/backups` with `to`, `keep`, `copyObjects`: begins one; `GET ysh/backups/<job>`: how far it is; `POST ysh/backups/<job>/stop`
 */
export function registerBackups(red: Red): void {
  const { httpAdmin, auth } = red
  const write = auth.needsPermission('ysh-backup.write')
  const jobs = new Map<string, Job>()

  httpAdmin.post('/ysh/backups', write, (request, response) =>
    answer(response, answering, async (signal) => {
      const { stores, ...wanted } = bodyOf(request)
      const parsed = requests.parse(wanted)
      const engine = await deployedEngine(typeof stores === 'string' ? stores : undefined, signal)
      if ([...jobs.values()].some(({ state }) => state === 'running')) {
        throw new PipelineError('BACKUP_BUSY', 'A backup is being made already', { retryable: true })
      }
      const job = begin(red, engine.stores, parsed)
      jobs.set(job.job, job)
      for (const id of [...jobs.keys()].slice(0, -mostJobs)) jobs.delete(id)
      return shown(job)
    }),
  )
  httpAdmin.get('/ysh/backups/:job', write, (request, response) =>
    answer(response, answering, async () => shown(find(request.params.job))),
  )
  httpAdmin.post('/ysh/backups/:job/stop', write, (request, response) =>
    answer(response, answering, async () => {
      const job = find(request.params.job)
      job.stop()
      return shown(job)
    }),
  )

  function find(id: string | undefined): Job {
    const job = jobs.get(id ?? '')
    if (job !== undefined) return job
    throw new PipelineError(
      'BACKUP_MISSING',
      `There is no backup under way named ${id}: Node-RED was started anew since`,
    )
  }
}

const shown = ({ stop: _, ...job }: Job) => job

function begin(red: Red, stores: Stores, { to, keep, copyObjects }: Infer<typeof RequestSchema>): Job {
  const stop = new AbortController()
  const userFolder = resolve(red.settings.userDir ?? '.')
  const { flowFile } = red.settings
  const job: Job = {
    ...{ job: randomUUID(), state: 'running', progress: null, result: null, error: null },
    stop: () => stop.abort(new PipelineError('STOPPED', 'The backup was stopped')),
  }
  const work = async () => {
    // Only in the memory of those who make backups.
    const [{ backup }, { openRepository }, { passphraseOf, passphraseVariable }] = await Promise.all([
      import('../../lib/backup/backup.ts'),
      import('../../lib/backup/repository.ts'),
      import('../../lib/backup/passphrase.ts'),
    ])
    const passphrase = await passphraseOf(process.env[passphraseVariable], stop.signal)
    const repository = await openRepository(to.includes('://') ? to : resolve(userFolder, to), {
      scratch: stores.scratch,
    })
    try {
      return await backup(repository, {
        ...{ postgres: stores.postgres, objects: stores.objects, userFolder, keep },
        ...(typeof flowFile === 'string' && !isAbsolute(flowFile) ? { flowFile } : {}),
        ...(copyObjects ? { listOnly: false } : {}),
        ...(passphrase === undefined ? {} : { passphrase }),
        signal: endAfter(longestMs, stop.signal),
        progress(progress) {
          job.progress = progress
        },
      })
    } finally {
      await repository.close()
    }
  }
  work().then(
    (result) => {
      job.result = result
      job.state = 'done'
      red.log.info(
        `[ysh-stores] Backup ${result.id} in ${result.location}: ${result.rows} rows, ${result.objects} objects`,
      )
    },
    (thrown: unknown) => {
      const { code, message } = PipelineError.from(thrown)
      job.error = { code, message }
      job.state = 'failed'
      red.log.error(`[ysh-stores] The backup failed: ${code}: ${message}`)
    },
  )
  return job
}
