import { PipelineError } from '../errors.ts'
import type { Migration } from '../stores/postgres/migrate.ts'
import type { PostgresStore } from '../stores/postgres/port.ts'
import type { Check } from './doctor.ts'

type Applied = Pick<Migration, 'component' | 'id' | 'name'>

/**
 * A check for each component that has tables here or could have: the number of its last change in the database and in this version. One check
 * for all in a database without any. Changes nothing; never throws.
 */
export async function tableChecks(store: PostgresStore, migrations: readonly Migration[]): Promise<Check[]> {
  try {
    const { rows: there } = await store.query<{ there: boolean }>(
      `select to_regclass('pipeline.migration') is not null as there`,
    )
    if (there[0]?.there !== true)
      return [{ what: 'tables', is: 'good', found: 'none yet; they are made at the first start' }]
    const { rows } = await store.query<Applied>('select component, id, name from pipeline.migration order by 1, 2')
    const components = new Set([...migrations, ...rows].map(({ component }) => component))
    return [...components].sort().map((component) => {
      const own = <Kind extends Applied>(all: readonly Kind[]) => all.filter((one) => one.component === component)
      return { what: `tables ${component}`, ...compared(own(rows), own(migrations)) }
    })
  } catch (thrown) {
    const { code, message } = PipelineError.from(thrown)
    return [{ what: 'tables', is: 'bad', code, found: message, remedy: `docs/errors.md: ${code}` }]
  }
}

function compared(has: readonly Applied[], wants: readonly Migration[]): Omit<Check, 'what'> {
  const installed = has.at(-1)?.id ?? 0
  const expected = wants.at(-1)?.id ?? 0
  const found = `installed ${installed || 'none'}, expected ${expected || 'none'}`
  if (expected === 0) {
    const remedy = 'Nothing for this version, which leaves them alone; the version that made them may be newer'
    return { is: 'warning', found, remedy }
  }
  if (installed > expected) {
    const remedy = 'Install the newer version that has made them again, or restore a backup from before the upgrade'
    return { is: 'bad', code: 'MIGRATION_NEWER', found, remedy }
  }
  const other = wants.find(({ id, name }) => has.some((one) => one.id === id && one.name !== name))
  if (other !== undefined) {
    const name = has.find(({ id }) => id === other.id)?.name
    return {
      ...{
        is: 'bad',
        code: 'MIGRATION_MISMATCH',
        found: `${found}; ${other.id} is "${name}" there, "${other.name}" here`,
      },
      remedy: 'Another build has made them: install that one, or restore a backup into an empty database',
    }
  }
  if (installed === 0) return { is: 'good', found: `${found}; made when they are first used` }
  const missing = wants.filter(({ id }) => !has.some((one) => one.id === id)).map(({ id }) => id)
  if (missing.length === 0) return { is: 'good', found }
  return {
    ...{ is: 'warning', found: `${found}; ${missing.join(', ')} not applied` },
    remedy:
      'Make a backup, stop what runs an older version on this database, and start this one: it brings them up to date',
  }
}
