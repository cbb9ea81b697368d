import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { main } from '../../lib/cli/main.ts'
import { allMigrations } from '../../lib/cli/migrations.ts'
import { openPostgres, type PostgresStore } from '../../lib/stores/postgres/index.ts'
import { migrate } from '../../lib/stores/postgres/migrate.ts'
import { type PostgresServer, startPostgres } from '../helpers/postgres-server.ts'

interface Check {
  what: string
  is: string
  code?: string
  found: string
  remedy?: string
}

describe('ysh-pipeline doctor: the tables of each component', () => {
  let server: PostgresServer
  let store: PostgresStore
  before(async () => {
    server = await startPostgres()
    store = await openPostgres({ kind: 'server', url: server.url })
  })
  after(async () => {
    await store.close()
    await server.stop()
  })

  async function doctor(): Promise<{ status: number; tables: Check[] }> {
    const out: string[] = []
    const io = { env: { YSH_POSTGRES: server.url }, out: (text: string) => out.push(text), err: () => {} }
    const status = await main(['doctor', '--json'], io)
    const { checks }: { checks: Check[] } = JSON.parse(out.join(''))
    return { status, tables: checks.filter(({ what }) => what.startsWith('tables')) }
  }
  const of = async (component: string) => (await doctor()).tables.find(({ what }) => what === `tables ${component}`)
  const last = (component: string) => allMigrations.findLast((one) => one.component === component)?.id ?? 0

  test('none yet', async () => {
    assert.deepEqual((await doctor()).tables, [
      { what: 'tables', is: 'good', found: 'none yet; they are made at the first start' },
    ])
  })

  describe('once they are there', () => {
    before(() => migrate(store, allMigrations))
    beforeEach(async () => {
      await store.query(`delete from pipeline.migration`)
      for (const { component, id, name } of allMigrations)
        await store.query('insert into pipeline.migration (component, id, name) values ($1, $2, $3)', [
          ...[component, id, name],
        ])
    })

    test('all are good, each with both numbers', async () => {
      const { tables, status } = await doctor()
      assert.equal(status, 0)
      const components = [...new Set(allMigrations.map(({ component }) => component))].sort()
      assert.deepEqual(
        tables,
        components.map((component) => ({
          ...{ what: `tables ${component}`, is: 'good' },
          found: `installed ${last(component)}, expected ${last(component)}`,
        })),
      )
    })

    test('one that was never used is made later; one of an older version is a warning', async () => {
      await store.query(`delete from pipeline.migration where component = 'documents'`)
      await store.query(`delete from pipeline.migration where component = 'runs' and id = $1`, [last('runs')])
      assert.deepEqual(await of('documents'), {
        ...{ what: 'tables documents', is: 'good' },
        found: `installed none, expected ${last('documents')}; made when they are first used`,
      })
      const runs = await of('runs')
      assert.equal(runs?.is, 'warning')
      const [was, is] = [last('runs') - 1, last('runs')]
      assert.equal(runs?.found, `installed ${was}, expected ${is}; ${is} not applied`)
      assert.match(runs?.remedy ?? '', /backup.*start this one/)
      assert.equal((await doctor()).status, 0)
    })

    test('a component beyond the core ones that a newer version has changed is bad', async () => {
      await store.query(`insert into pipeline.migration (component, id, name) values ('archive', 900, 'later')`)
      const { tables, status } = await doctor()
      assert.equal(status, 1)
      const archive = tables.find(({ what }) => what === 'tables archive')
      assert.equal(archive?.code, 'MIGRATION_NEWER')
      assert.equal(archive?.found, `installed 900, expected ${last('archive')}`)
      assert.match(archive?.remedy ?? '', /newer version.*restore/)
    })

    test('another build and a component that nobody knows', async () => {
      await store.query(`update pipeline.migration set name = 'else' where component = 'vectors' and id = 1`)
      await store.query(`insert into pipeline.migration (component, id, name) values ('of-tomorrow', 2, 'x')`)
      const vectors = await of('vectors')
      assert.equal(vectors?.code, 'MIGRATION_MISMATCH')
      assert.match(vectors?.found ?? '', /1 is "else" there, "/)
      assert.equal((await of('of-tomorrow'))?.is, 'warning')
      assert.match((await of('of-tomorrow'))?.found ?? '', /installed 2, expected none/)
    })
  })
})
