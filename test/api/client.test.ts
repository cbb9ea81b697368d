import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { createApi } from '../../lib/api/api.ts'
import { allRoutes } from '../../lib/api/routes/index.ts'
import { gateOf, serve } from './serve.ts'
import { openWorld, type World } from './world.ts'

const run = promisify(execFile)
const info = { title: 'Data', version: '1.2.3', description: 'What is held.', root: '/api/v1' }
const modules = resolve(import.meta.dirname, '../../node_modules')

/** Mistakes in the use of the client, and what the compiler must say of each. */
const mistakes = {
  column: ['.vlr_te\n', '.vlr_t\n', /TS2551.*'vlr_te'/],
  'type of a column': ['price: number | string | null | undefined', 'price: number | undefined', /TS2322/],
  filter: ['vlrTeGte:', 'vlrTeGe:', /TS2561.*'vlrTeGte'/],
  'type of a parameter': ['limit: 3', "limit: '3'", /TS2322/],
  'parameter that is needed': ["q: 'bandeira verde', ", '', /TS2741.*'q'/],
  'field of an answer': ['?.citation.page', '?.citation.leaf', /TS2339.*'Citation'/],
  'value that may be missing': ['(tarifa_rs_kwh ?? 0)', 'tarifa_rs_kwh', /TS18047|TS2322/],
  'answer that may be a problem': ["if (page.status !== 200) throw new Error('no page')\n", '', /TS2339/],
} as const

const sorted = (rows: object[]) => rows.map((row) => JSON.stringify(row)).sort()

describe('a TypeScript client generated from the OpenAPI document', { timeout: 120_000 }, () => {
  let world: World
  let server: Awaited<ReturnType<typeof serve>>
  let folder: string
  before(async () => {
    world = await openWorld({ tarifas: 2_000, mmgd: 60, componentes_tarifarias: 60 })
    const { context } = world
    server = await serve(
      createApi({ routes: allRoutes, gate: gateOf(), context: () => context, info, log: context.log }),
    )
    folder = await mkdtemp(join(tmpdir(), 'api-client-'))
    const document = await fetch(`${server.url}/openapi.json`)
    assert.equal(document.status, 200)
    await writeFile(join(folder, 'openapi.json'), await document.text())
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await symlink(modules, join(folder, 'node_modules'))
    const generator = join(modules, 'oazapfts/dist/cli.js')
    const options = ['--useUnknown', '--argumentStyle=object']
    await run(process.execPath, [generator, ...options, 'openapi.json', 'client.ts'], { cwd: folder, timeout: 60_000 })
    await copyFile(join(import.meta.dirname, 'client/program.ts'), join(folder, 'program.ts'))
  })
  after(async () => {
    await server?.close()
    await world?.close()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  /** What the compiler says of files. */
  async function compile(...files: string[]): Promise<string[]> {
    const options = [
      ...['--noEmit', '--strict', '--noUncheckedIndexedAccess', '--allowImportingTsExtensions', '--pretty', 'false'],
      ...['--target', 'es2023', '--lib', 'es2023,dom', '--module', 'nodenext', '--types', 'node'],
    ]
    const compiler = [join(modules, 'typescript/bin/tsc'), ...options, ...files]
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    execFile(process.execPath, compiler, { cwd: folder, timeout: 60_000 }, (error, stdout) => {
      // it ends with 1 or 2 where it finds something
      if (error === null || (typeof error.code === 'number' && stdout !== '')) resolve(stdout)
      else reject(error)
    })
    return (await promise).split('\n').filter((line) => line !== '')
  }

  it('compiles strictly, and so does a program that uses what it answers', async () => {
    assert.deepEqual(await compile('program.ts'), [])
  })

  it('does not compile where it is used wrongly', async () => {
    const program = await readFile(join(folder, 'program.ts'), 'utf8')
    const files = Object.entries(mistakes).map(async ([what, [right, wrong, found]]) => {
      assert.ok(program.includes(right), what)
      const name = `${what.replaceAll(' ', '-')}.ts`
      await writeFile(join(folder, name), program.replace(right, wrong))
      return { name, found }
    })
    const written = await Promise.all(files)
    const said = await compile(...written.map(({ name }) => name))
    for (const { name, found } of written) {
      assert.match(said.filter((line) => line.startsWith(`${name}(`)).join('\n'), found, name)
    }
    assert.ok(!said.some((line) => line.startsWith('client.ts')))
  })

  it('reads the data', async () => {
    const { stdout } = await run(process.execPath, ['program.ts', server.url, 'all'], { cwd: folder, timeout: 60_000 })
    const read = JSON.parse(stdout)
    const { postgres } = world.fetching.stores
    const stored = async (where: string) =>
      (await postgres.query<{ n: number }>(`select count(*)::int as n from aneel.tarifas where ${where}`)).rows[0]?.n
    assert.ok(read.datasets.some(([dataset, title]: string[]) => dataset === 'aneel.tarifas' && title !== ''))
    const all = await postgres.query('select sig_agente, vlr_tusd::float8 as vlr_tusd from aneel.tarifas')
    assert.deepEqual(sorted(read.everything.rows), sorted(all.rows))
    assert.equal(read.everything.pages, Math.ceil(read.everything.rows.length / 700))
    const { pages, rows, price } = read.some
    assert.ok(pages > 1, `${rows.length} rows`)
    assert.equal(rows.length, await stored("dsc_sub_grupo = 'B1' and vlr_te >= 100.5"))
    assert.equal(new Set(rows.map((row: object) => JSON.stringify(row))).size, rows.length, 'no row twice')
    assert.equal(price, Math.max(...rows.map((row: { vlr_te: number }) => row.vlr_te)))
    assert.ok(read.tariffs.total > 0)
    assert.deepEqual([read.tariffs.date, read.tariffs.version], ['2026-10-10', 1])
    assert.equal(read.found.page, 1)
    assert.match(read.found.text, /bandeira tarifaria verde/i)
    assert.deepEqual([read.unknown.status, read.unknown.code], [404, 'API_NOT_FOUND'])
    assert.equal(read.refused, 401)
  })
})
