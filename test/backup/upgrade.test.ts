import assert from 'node:assert/strict'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openRepository } from '../../lib/backup/repository.ts'
import { restore } from '../../lib/backup/restore.ts'
import { allMigrations } from '../../lib/cli/migrations.ts'
import { parser, Type } from '../../lib/schema.ts'
import { type OpenStores, openStores } from '../../lib/stores/open.ts'
import { embeddedVersion } from '../../lib/stores/postgres/embedded/layout.ts'
import { migrate, openPostgres, type PostgresStore } from '../../lib/stores/postgres/index.ts'
import { type EmbeddedFolder, embeddedFolder } from '../helpers/embedded-folder.ts'
import { rejectsWith } from '../helpers/rejects.ts'
import { filesUnder, read } from '../package/package-files.ts'
import { answers, contents, structureOf } from './filled.ts'

const signal = new AbortController().signal
const fixtures = fileURLToPath(new URL('fixtures/', import.meta.url))
const recordings = parser(
  Type.Object({
    id: Type.String(),
    filled: Type.Object({
      ...{ unfinished: Type.String(), document: Type.String(), apiKey: Type.String(), vectors: Type.Boolean() },
    }),
    contents: Type.Record(Type.String(), Type.String()),
  }),
  'What was recorded',
)

/** What a table, an index, a function is, of the schemas that migrations make. */
async function madeByMigrations(postgres: PostgresStore) {
  const { tables, routines, views, comments } = await structureOf(postgres)
  const own = (schema: string, name: string) =>
    schema === 'pipeline' || (schema === 'pipeline_vectors' && name === 'collection')
  return {
    tables: tables.filter(({ schema, name }) => own(schema, name)),
    routines: routines.filter((text) => / FUNCTION pipeline\./.test(text.slice(0, 60))),
    views: views.filter((text) => / pipeline\./.test(text.slice(0, 40))),
    comments: comments.filter((text) => /^comment on (function|view) pipeline/.test(text)),
  }
}

describe('stores of earlier versions', { timeout: 200_000 }, () => {
  let folder: EmbeddedFolder
  let scratch: string
  let stores: OpenStores
  before(async () => {
    folder = await embeddedFolder()
    scratch = await mkdtemp(join(tmpdir(), 'upgrade-'))
    stores = await openStores({ folder: scratch, postgres: { folder: folder.path } })
  })
  after(async () => {
    await stores?.close()
    await folder?.remove()
    await rm(scratch, { recursive: true, force: true })
  })

  for (const name of ['62bf2a5']) {
    it(`${name} comes back, is brought up to date and is read`, async () => {
      // A repository is written to when it is opened: the fixture stays as it is.
      const place = join(scratch, name)
      await cp(join(fixtures, name), place, { recursive: true })
      const recorded = recordings.parse(JSON.parse(await readFile(join(place, 'recorded.json'), 'utf8')))
      const repository = await openRepository(place)
      const { id } = await restore(repository, { ...stores, known: allMigrations, signal })
      await repository.close()
      assert.equal(id, recorded.id)
      assert.deepEqual(await contents(stores.postgres), recorded.contents)

      await migrate(stores.postgres, allMigrations)
      const empty = await embeddedFolder()
      const fresh = await openPostgres({ kind: 'embedded', folder: empty.path })
      try {
        await migrate(fresh, allMigrations)
        await fresh.query('select pipeline.want_events(24)') // as in the recorded one
        const expected = await madeByMigrations(fresh)
        assert.ok(expected.tables.length > 30 && expected.routines.length > 5)
        assert.deepEqual(await madeByMigrations(stores.postgres), expected)
      } finally {
        await fresh.close()
        await empty.remove()
      }
      for (const [target, answer] of Object.entries(await answers(stores, { ...recorded.filled, short: false }))) {
        assert.match(answer, /^200 /, `${target}: ${answer}`)
      }
    })
  }

  it('every fixture is tested', async () => {
    const found = await readdir(fixtures, { withFileTypes: true })
    assert.deepEqual(
      found.filter((each) => each.isDirectory()).map((each) => each.name),
      ['62bf2a5'],
    )
  })

  it('tables of a newer version are refused, with what to do', async () => {
    await stores.postgres.query(
      `insert into pipeline.migration (component, id, name) values ('runs', 99, 'of tomorrow')`,
    )
    const error = await rejectsWith(migrate(stores.postgres, allMigrations), 'MIGRATION_NEWER')
    assert.match(error.message, /runs 99 "of tomorrow".*install that version again/)
    await stores.postgres.query('delete from pipeline.migration where id = 99')
    assert.deepEqual(await migrate(stores.postgres, allMigrations), [])
  })

  it('a folder of another PostgreSQL is refused, with what to do', async () => {
    const old = await embeddedFolder()
    try {
      const file = join(old.path, 'data', 'PG_VERSION')
      assert.equal((await readFile(file, 'utf8')).trim(), embeddedVersion)
      await writeFile(file, '17\n')
      const error = await rejectsWith(openPostgres({ kind: 'embedded', folder: old.path }), 'STORE_FOLDER_VERSION')
      assert.match(error.message, /PostgreSQL 17.*back it up with the version/)
    } finally {
      await old.remove()
    }
  })
})

it('a restore knows every migration of the sources', () => {
  const declared = filesUnder('lib', '.ts').flatMap((file) =>
    [...read(file).matchAll(/^\s*\{?\s*component: '([a-z-]+)'/gm)].map(([, component]) => component),
  )
  assert.ok(declared.length > 15)
  assert.deepEqual(allMigrations.map(({ component }) => component).sort(), declared.sort())
})
