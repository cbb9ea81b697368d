import { join, resolve } from 'node:path'
import { createKey, listKeys, revokeKey } from '../api/access/keys.ts'
import { PipelineError } from '../errors.ts'
import { listRuns, listSteps } from '../runs/display.ts'
import { listLetters, readLetter } from '../runs/letter-list.ts'
import { discardLetters, redriveLetters } from '../runs/letter-settle.ts'
import { cancelRun, replayRun, resumeRun } from '../runs/run-actions.ts'
import { isCreated } from '../stores/postgres/embedded/layout.ts'
import { openPostgres, type PostgresConfig, type PostgresStore } from '../stores/postgres/index.ts'
import type { Command } from './options.ts'
import type { Target } from './target.ts'

/**
 * A target over a server's database, or over an embedded one that nobody has open. Makes nothing: throws NO_PIPELINE for a folder or
 * database without runs, STORE_LOCKED for a folder that a running Node-RED has open.
 */
export async function openDatabase({ postgres, folder }: Pick<Command, 'postgres' | 'folder'>): Promise<Target> {
  const store = await opened(
    postgres === undefined ? await embedded(folder ?? '') : { kind: 'server', url: postgres },
    'ask it: --node-red http://127.0.0.1:1880',
  )
  try {
    const { rows } = await store.query<{ there: boolean }>(
      `select to_regclass('pipeline.dead_letter') is not null and to_regclass('pipeline.run_action') is not null as there`,
    )
    if (rows[0]?.there !== true) {
      throw new PipelineError(
        'NO_PIPELINE',
        'There are no runs of this version here: has Node-RED ever used this database?',
      )
    }
  } catch (error) {
    await store.close()
    throw error
  }
  return {
    list: (filter) => listLetters(store, filter),
    async show(id) {
      const letter = await readLetter(store, id)
      if (letter === undefined) throw new PipelineError('LETTER_UNKNOWN', `There is no dead letter ${id}`)
      return letter
    },
    redrive: (filter, by) => redriveLetters(store, filter, { by }),
    discard: (filter, by, reason) => discardLetters(store, filter, { by, reason }),
    runs: (filter) => listRuns(store, filter),
    async run(id) {
      const [run] = await listRuns(store, { id })
      if (run === undefined) throw new PipelineError('RUN_UNKNOWN', `There is no run ${id}`)
      return { ...run, steps: await listSteps(store, id) }
    },
    resume: (id, action) => resumeRun(store, id, action),
    cancel: async (id, action) => {
      await cancelRun(store, id, action)
    },
    replay: (id, action) => replayRun(store, id, action),
    keys: () => listKeys(store),
    createKey: (wanted, by) => createKey(store, wanted, by),
    revokeKey: (id) => revokeKey(store, id),
    close: () => store.close(),
  }
}

/** The folder of a `ysh-stores` (its database is in `postgres`), or the database's own. */
async function embedded(folder: string): Promise<PostgresConfig> {
  for (const place of [join(folder, 'postgres'), folder]) {
    if (await isCreated(resolve(place))) return { kind: 'embedded', folder: resolve(place) }
  }
  throw new PipelineError('NO_PIPELINE', `There is no embedded database in ${folder}`)
}

/** Opens it; `otherwise` is what to do when a running Node-RED has it open. */
export async function opened(config: PostgresConfig, otherwise: string): Promise<PostgresStore> {
  try {
    return await openPostgres(config)
  } catch (thrown) {
    const error = PipelineError.from(thrown)
    if (error.code !== 'STORE_LOCKED') throw error
    const message = `${error.message}. A running Node-RED has it open: ${otherwise}`
    throw new PipelineError('STORE_LOCKED', message, { cause: error })
  }
}
