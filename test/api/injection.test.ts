import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { type Api, createApi } from '../../lib/api/api.ts'
import { allRoutes } from '../../lib/api/routes/index.ts'
import { type OpenStores, openStores } from '../../lib/stores/open.ts'
import { type PostgresServer, startPostgres } from '../helpers/postgres-server.ts'
import { memoryLog } from '../runs/surroundings.ts'
import { publish } from '../steps/dataset/query/published.ts'
import { gateOf, requestOf } from './serve.ts'

/** `YSH_FUZZ=100000` for the long run. */
const runs = Number(process.env.YSH_FUZZ ?? 2_000)
const canary = 'kanarie'
const info = { title: 'Data', version: '1', description: '', root: '/api/v1' }

/** Texts that would run the canary, could they leave the place of a name or of a value. */
const bait = fc.constantFrom(
  ...[
    `${canary}`,
    `"; select ${canary}; --`,
    `'; select ${canary}; --`,
    `numero"; select ${canary}() --`,
    `' || ${canary}() || '`,
  ],
  ...[
    `$1; select ${canary}`,
    `\\'; select ${canary}; --`,
    `numero) union select ${canary} --`,
    `E'\\x27${canary}`,
    `/*${canary}*/`,
  ],
  ...[
    `numero, ${canary}`,
    `numero asc, ${canary}()`,
    `-numero"${canary}`,
    `"${canary}`,
    `a.${canary}`,
    `__proto__.${canary}`,
    `\u0000${canary}`,
  ],
)
const text = fc.oneof(
  bait,
  fc.tuple(fc.string({ maxLength: 12, unit: 'binary' }), bait).map(([some, more]) => some + more),
)
const column = fc.constantFrom('agente', 'numero', 'valor', 'mes', 'cnpj')
const suffix = fc.constantFrom(
  '',
  '.eq',
  '.ne',
  '.gt',
  '.lte',
  '.in',
  '.not_in',
  '.between',
  '.contains',
  '.begins',
  '.null',
)
const filter = fc.oneof(
  fc.tuple(
    fc.tuple(column, suffix).map(([name, op]) => name + op),
    text,
  ),
  fc.tuple(text, fc.string({ maxLength: 5 })),
  fc.tuple(
    fc.tuple(column, text).map(([name, op]) => `${name}.${op}`),
    text,
  ),
  fc.tuple(fc.constantFrom('sort', 'fields', 'after', 'as_of', 'limit', 'numbers', 'format'), text),
  fc.tuple(
    fc.constantFrom('sort', 'fields'),
    fc.tuple(column, text).map((names) => names.join(',')),
  ),
)
/** Values where any text may stand: these reach the database. */
const value = fc.tuple(
  fc.constantFrom('agente', 'agente.ne', 'agente.in', 'agente.not_in', 'agente.contains', 'agente.begins'),
  text.map((some) => some.replaceAll('\u0000', '')),
)
const target = fc
  .tuple(
    fc.oneof({ weight: 9, arbitrary: fc.constant('aneel.prova') }, { weight: 1, arbitrary: text }),
    fc.oneof(fc.array(filter, { minLength: 1, maxLength: 3 }), fc.array(value, { minLength: 1, maxLength: 2 })),
    fc.oneof({ weight: 9, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constant('/schema') }),
  )
  .map(
    ([dataset, query, more]) =>
      `/datasets/${encodeURIComponent(dataset.toWellFormed())}${more}?${new URLSearchParams(query)}`,
  )

/** Statements out of a server's log, as it comes. */
class Statements {
  count = 0
  #open = ''
  #found: string[] = []

  read(text: string): void {
    const entries = (this.#open + text).split(/\n(?=\d{4}-\d\d-\d\d )/)
    // the last one may go on
    this.#open = entries.pop() ?? ''
    for (const entry of entries) this.#take(entry)
  }

  /** Statements that have a text. */
  having(text: string): string[] {
    return this.#found.filter((statement) => statement.includes(text))
  }

  /** Waits until a statement with the text has come; the log is written behind. */
  async until(text: string): Promise<void> {
    const end = Date.now() + 10_000
    while (this.having(text).length === 0 && Date.now() < end) {
      if (this.#open.includes(text)) this.#take(this.#open.trimEnd())
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  #take(entry: string): void {
    const [, statement] = /(?:LOG: {2}(?:statement|execute [^:]*):|STATEMENT:) +([\s\S]*)$/.exec(entry) ?? []
    if (statement === undefined) return
    this.count += 1
    if (statement.includes(canary)) this.#found.push(statement.trim())
  }
}

describe('nothing that a caller says becomes SQL', { timeout: 3_600_000 }, () => {
  let folder: string
  let server: PostgresServer
  let stores: OpenStores
  let api: Api
  const statements = new Statements()
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'injection-'))
    server = await startPostgres({ log: (text) => statements.read(text) })
    stores = await openStores({ folder, postgres: { url: server.url } })
    await publish(stores.postgres, 1, 50)
    const log = memoryLog()
    const context = { stores, clock: { now: () => new Date() }, log }
    api = createApi({ routes: allRoutes, gate: gateOf(), context: () => context, info, log })
  })
  after(async () => {
    await stores?.close()
    await server?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it(`${runs} hostile names and values: the server's log has them in no statement`, async (context) => {
    const counts: Record<number, number> = {}
    const property = fc.asyncProperty(target, async (asked) => {
      const { status, body } = await api.handle(requestOf(asked, { headers: { accept: 'application/json' } }))
      counts[status] = (counts[status] ?? 0) + 1
      assert.ok(status < 500, `${status} ${body} for ${asked}`)
    })
    await fc.assert(property, { numRuns: runs })
    context.diagnostic(JSON.stringify(counts))
    assert.ok((counts[200] ?? 0) > runs / 10, 'values of the right place reach the database')
    // what is spliced is found: the log is what it is taken for
    await stores.postgres.query(`select 'spliced ${canary}'`)
    await statements.until(`spliced ${canary}`)
    assert.ok(statements.count > (counts[200] ?? 0), `${statements.count} statements were seen`)
    assert.deepEqual(statements.having(canary), [`select 'spliced ${canary}'`])
    const { rows } = await stores.postgres.query<{ n: number }>('select count(*)::int as n from aneel.prova')
    assert.equal(rows[0]?.n, 50)
  })
})
