import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { apart, contractOf, createDataset, type Database, insert, viewFiles } from './database.ts'

/** Tests of the SQL files themselves. */
export function fileTests(open: () => Database): void {
  test('every file says its names, purpose, rules, sources, and which datasets it needs', () => {
    const files = viewFiles()
    assert.equal(files.length, 5)
    for (const { name, sql, requires } of files) {
      const head = sql.slice(0, sql.indexOf('\n\n'))
      assert.ok(
        head.split('\n').every((line) => line.startsWith('-- ')),
        `${name} begins with its header`,
      )
      for (const word of ['name', 'purpose', 'rule', 'source', 'requires']) {
        assert.match(head, new RegExp(`^-- ${word}: \\S`, 'm'), `${name}: ${word}`)
      }
      for (const dataset of requires) contractOf(dataset)
      const made = [...sql.matchAll(/create or replace (?:view|function) (aneel\.\w+)/g)].map((match) => match[1])
      const said = /^-- name: (.+)$/m.exec(head)?.[1]?.split(', ') ?? []
      assert.deepEqual([...new Set(made)].sort(), said.sort(), `${name} makes what it names`)
    }
  })

  test('what stands in several files is the same in all of them', () => {
    const bodies = new Map<string, Set<string>>()
    for (const { sql } of viewFiles()) {
      for (const [statement, name = ''] of sql.matchAll(/create or replace ((?:view|function) aneel\.\w+)[^;]*;/g)) {
        bodies.set(name, (bodies.get(name) ?? new Set()).add(statement))
      }
    }
    assert.ok(bodies.has('function aneel.data_do_ato'))
    const different = [...bodies].filter(([, found]) => found.size > 1).map(([name]) => name)
    assert.deepEqual(different, [])
  })

  test('they can be run again', async () => {
    for (const { sql } of viewFiles()) await open().script(sql)
  })

  test('docs/views.md: its examples run, and it names every view and function', async () => {
    const document = readFileSync(new URL('../../../../docs/views.md', import.meta.url), 'utf8')
    const examples = [...document.matchAll(/```sql\n([^`]+)```/g)].map((match) => match[1] ?? '')
    assert.equal(examples.length, 2)
    for (const example of examples) await open().script(example)
    for (const { sql } of viewFiles()) {
      for (const name of /^-- name: (.+)$/m.exec(sql)?.[1]?.split(', ') ?? [])
        assert.ok(document.includes(`\`${name}`), name)
    }
  })

  describe('each dataset alone is enough for the files that need only it', () => {
    const sets = new Map(viewFiles().map(({ requires }) => [requires.join(', '), requires]))
    for (const [label, datasets] of sets) {
      test(label, async () => {
        await apart(open(), async () => {
          await open().run('drop schema aneel cascade')
          await open().run('create schema aneel')
          for (const dataset of datasets) await createDataset(open(), dataset)
          for (const { sql } of viewFiles().filter(({ requires }) => requires.join(', ') === label))
            await open().script(sql)
          const views = await open().rows(
            `select c.relname as name from pg_class c where c.relnamespace = 'aneel'::regnamespace and c.relkind = 'v' order by 1`,
          )
          assert.ok(views.length > 0)
          for (const { name } of views) assert.deepEqual(await open().rows(`select * from aneel.${name}`), [])
        })
      })
    }
  })

  test("a publication may replace a dataset's view under them", async () => {
    await apart(open(), async () => {
      await open().run('alter table aneel.bandeira_acionamento rename to versao_1')
      await open().run('create view aneel.bandeira_acionamento as select * from aneel.versao_1')
      await open().run('drop view aneel.bandeira_acionamento')
      await open().run(
        'create view aneel.bandeira_acionamento as select dat_competencia, nom_bandeira_acionada, vlr_adicional_bandeira from aneel.versao_1',
      )
      await insert(open(), 'aneel.versao_1', [
        { dat_competencia: '2020-01-01', nom_bandeira_acionada: 'Verde', vlr_adicional_bandeira: 0 },
      ])
      assert.deepEqual(await open().rows('select bandeira, situacao from aneel.bandeira_atual'), [
        { bandeira: 'Verde', situacao: 'mes anterior' },
      ])
    })
  })
}
