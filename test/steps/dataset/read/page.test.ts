import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineError } from '../../../../lib/errors.ts'
import type { Condition } from '../../../../lib/steps/dataset/query/schema.ts'
import { readPage } from '../../../../lib/steps/dataset/read/page.ts'
import type { Selection } from '../../../../lib/steps/dataset/read/port.ts'
import { DatasetReader } from '../../../../lib/steps/dataset/read/reader.ts'
import { streamRows } from '../../../../lib/steps/dataset/read/stream.ts'
import { noteCheck, noteFailure } from '../../../../lib/steps/dataset/source-check.ts'
import type { PostgresStore, Row } from '../../../../lib/stores/postgres/port.ts'
import { rejectsWith } from '../../../helpers/rejects.ts'
import { kinds, openSurroundings, type Surroundings } from '../../../runs/surroundings.ts'
import { publish } from '../query/published.ts'
import { contractOf, type FileRow, publishRows } from './publishing.ts'

const clock = { now: () => new Date() }
const dataset = 'prova.paginas'
const row = (numero: number, valor: number): FileRow => ({
  ...{ agente: `A${numero}`, classe: null, valor: valor.toFixed(4), numero, dia: '2026-01-01', quando: null },
})

/** The same store, with its statements on record. */
function recorded(store: PostgresStore): {
  store: PostgresStore
  sent: { text: string; values: readonly unknown[] }[]
} {
  const sent: { text: string; values: readonly unknown[] }[] = []
  return {
    sent,
    store: {
      ...{ kind: store.kind, target: store.target },
      query: <R extends Row>(text: string, values: readonly unknown[] = []) => {
        sent.push({ text, values })
        return store.query<R>(text, values)
      },
      transaction: (work) => store.transaction(work),
      connect: () => store.connect(),
      listen: (channel, heard, signal) => store.listen(channel, heard, signal),
      close: () => store.close(),
    },
  }
}

for (const kind of kinds) {
  describe(`pages of a dataset on ${kind}`, { timeout: 240_000 }, () => {
    let surroundings: Surroundings
    let postgres: PostgresStore
    const contract = contractOf(dataset, ['agente'])
    before(async () => {
      surroundings = await openSurroundings(kind)
      postgres = surroundings.stores.postgres
      await publishRows(surroundings, contract, '', [row(1, 10), row(2, 20), row(3, 30)], { generated: '2026-01-05' })
    })
    after(() => surroundings.close())

    it('describes, lists, and says where rows come from', async () => {
      const reader = new DatasetReader(postgres, clock)
      const { columns, contract } = await reader.current(dataset)
      assert.deepEqual(
        columns.map(({ name, type, from, nullable, unit }) => [name, type, from, nullable, unit]),
        [
          ['agente', 'text', 'column', false, null],
          ['classe', 'text', 'column', true, null],
          ['valor', 'decimal', 'column', true, 'R$/MWh'],
          ['numero', 'integer', 'column', true, null],
          ['dia', 'date', 'column', true, null],
          ['quando', 'timestamp', 'column', true, null],
          ['gerado', 'date', 'generated', true, null],
        ],
      )
      assert.equal(contract.cadence, 'daily')
      const [head] = await reader.list()
      assert.deepEqual([head?.dataset, head?.rows, head?.version, head?.cadence], [dataset, 3, 1, 'daily'])
      await rejectsWith(reader.current('prova.nada'), 'NO_COPY')
      await rejectsWith(reader.current('prova.p"; drop table x; --'), 'UNKNOWN_DATASET')

      const file = { part: '', resourceId: '', url: 'https://example.org', stamp: '' }
      const provenance = async () => {
        const { provenance } = await readPage(reader, dataset, {}, { limit: 1 })
        assert.equal((await reader.current(dataset)).retrievedAt, provenance.retrievedAt)
        return provenance
      }
      const before = await provenance()
      assert.equal(before.retrievedAt, before.publishedAt)
      assert.equal(before.attribution, 'Fonte: ANEEL, licença ODbL')
      await noteCheck(postgres, dataset, file, { etag: '', lastModified: '' })
      const looked = await provenance()
      assert.ok(looked.retrievedAt > looked.publishedAt, looked.retrievedAt)
      assert.equal(looked.publishedAt, before.publishedAt)
      await noteFailure(postgres, dataset, file, new PipelineError('NET_CUT', 'gone'))
      assert.equal((await provenance()).retrievedAt, looked.retrievedAt, 'a look that failed is none')
    })

    it('answers in one round trip, with the rows and the provenance of one version, whatever is published', async () => {
      const { store, sent } = recorded(postgres)
      const reader = new DatasetReader(store, clock)
      const selection: Selection = { columns: ['agente', 'valor', 'gerado'], order: ['agente'] }
      await readPage(reader, dataset, selection, { limit: 10 })
      sent.length = 0
      const first = await readPage(reader, dataset, selection, { limit: 10 })
      assert.equal(sent.length, 1, 'one statement')
      assert.deepEqual(first.rows[0], { agente: 'A1', valor: 10, gerado: '2026-01-05' })
      // a delta, then other columns and another table
      await publishRows(surroundings, contract, '', [row(1, 11), row(2, 20)], { generated: '2026-01-06' })
      const second = await readPage(reader, dataset, selection, { limit: 10 })
      assert.deepEqual([second.provenance.version, second.provenance.rows], [2, 2])
      assert.deepEqual(second.rows[0], { agente: 'A1', valor: 11, gerado: '2026-01-06' })
      await publishRows(surroundings, contract, '', [row(1, 12)], { extraColumn: 'Nova' })
      const third = await readPage(reader, dataset, { columns: ['nova'] }, { limit: 10 })
      assert.deepEqual(
        [third.rows, third.provenance.version],
        [[{ nova: 'x' }], 3],
        'a column that was not there before',
      )
      const { rows: none, provenance } = await readPage(reader, dataset, { where: is('numero', 99) }, { limit: 10 })
      assert.deepEqual([none, provenance.version], [[], 3], 'no rows are proved too')
    })

    it('holds together while it is published over and over', async () => {
      const name = 'prova.oft'
      const often = contractOf(name, ['agente'])
      const file = (turn: number) => Array.from({ length: 30 }, (_, index) => row(index, turn))
      await publishRows(surroundings, often, '', file(1))
      const reader = new DatasetReader(postgres, clock)
      let over = false
      let seen = 0
      const readers = [1, 2].map(async () => {
        while (!over) {
          const { rows, provenance } = await readPage(reader, name, { columns: ['valor'] }, { limit: 30 })
          assert.deepEqual(new Set(rows.map(({ valor }) => valor)), new Set([provenance.version]))
          seen += 1
        }
      })
      for (const turn of [2, 3, 4, 5]) {
        await publishRows(surroundings, often, '', file(turn), turn === 4 ? { extraColumn: 'Nova' } : {})
      }
      over = true
      await Promise.all(readers)
      assert.ok(seen > 4, `${seen} pages`)
    })

    it('goes on only with its own tokens', async () => {
      await publish(postgres, 1, 500)
      const reader = new DatasetReader(postgres, clock)
      const of = (selection: Selection, after?: string) =>
        readPage(reader, 'aneel.prova', selection, { limit: 7, after })
      const selection: Selection = { order: ['mes'], where: [{ column: 'numero', op: '>', value: 3 }] }
      const { next } = await of(selection)
      assert.ok(next)
      assert.equal(
        (await of({ ...selection, columns: ['cnpj'] }, next)).rows.length,
        7,
        'other columns are the same rows',
      )
      for (const other of [
        {},
        { ...selection, order: ['-mes'] },
        { ...selection, where: [] },
        { ...selection, asOf: '2026-01-01' },
      ]) {
        await rejectsWith(of(other, next), 'QUERY_AFTER')
      }
      const flipped = next.slice(0, 30) + (next[30] === 'A' ? 'B' : 'A') + next.slice(31)
      for (const bad of ['', 'x', next.slice(0, -4), flipped, Buffer.from('["a",[],"","1",0]').toString('base64url')]) {
        await rejectsWith(of(selection, bad), 'QUERY_AFTER')
      }
    })

    it('finds a deep page by the index, as it finds the first', async () => {
      await publish(postgres, 2, 20_000)
      await postgres.query('create unique index on aneel.prova_v2 (_kh, _n)')
      await postgres.query('analyze aneel.prova_v2')
      const { store, sent } = recorded(postgres)
      const reader = new DatasetReader(store, clock)
      const read = (after?: string) => readPage(reader, 'aneel.prova', { columns: ['numero'] }, { limit: 100, after })
      let page = await read()
      for (let more = 0; more < 150; more += 1) page = await read(page.next ?? undefined)
      assert.deepEqual(page.rows[0], { numero: 15_001 })
      const { text = '', values = [] } = sent.at(-1) ?? {}
      const { rows } = await postgres.query<{ 'QUERY PLAN': string }>(`explain (analyze, timing off) ${text}`, values)
      const plan = rows.map((each) => each['QUERY PLAN']).join('\n')
      assert.match(plan, /Index (Only )?Scan using prova_v2__kh__n_idx/, plan)
      assert.match(plan, /Index Cond: \(ROW\(_kh, _n\) > ROW\(/, plan)
      assert.doesNotMatch(plan, /Seq Scan on prova/, plan)
      const touched = Math.max(...[...plan.matchAll(/actual rows=([\d.]+)/g)].map(([, count]) => Number(count)))
      assert.ok(touched <= 101, plan)
    })

    it('gives up its cursor when nobody reads on', async () => {
      const off = new AbortController()
      const open = () => streamRows({ postgres, clock }, 'aneel.prova', {}, { batch: 10, signal: off.signal })
      const closed = await open()
      await closed.close()
      for await (const { rows } of await open()) {
        assert.equal(rows.length, 10)
        break
      }
      const aborted = await open()
      off.abort(new Error('the caller has gone'))
      await assert.rejects(async () => {
        for await (const _ of aborted) assert.fail('no batch')
      }, /the caller has gone/)
      await assert.rejects(open(), /the caller has gone/)
      const { rows } = await postgres.query(`select name from pg_cursors where name like 'ysh_query_%'`)
      assert.deepEqual(rows, [])
      if (kind === 'embedded') return
      const { rows: sessions } = await postgres.query(
        `select query from pg_stat_activity where datname = current_database() and query like '%ysh_query_%' and pid <> pg_backend_pid()`,
      )
      assert.deepEqual(sessions, [])
    })

    if (kind === 'server') {
      it('stops a statement that nobody waits for any more', async () => {
        const off = new AbortController()
        const holder = await postgres.connect()
        const waits = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like 'declare ysh_query_%'`
        try {
          await holder.query('begin')
          await holder.query('lock table aneel.prova_v2 in access exclusive mode')
          const opening = streamRows({ postgres, clock }, 'aneel.prova', {}, { batch: 1, signal: off.signal })
          opening.catch(() => undefined)
          while ((await postgres.query(waits)).rowCount === 0) await sleep(10)
          off.abort(new Error('the caller has gone'))
          await assert.rejects(opening, /the caller has gone/)
          assert.equal((await postgres.query(waits)).rowCount, 0)
          await holder.query('rollback')
        } finally {
          await holder.close()
        }
      })
    }

    it('binds every value and takes names only from the description', async () => {
      const reader = new DatasetReader(postgres, clock)
      const of = (selection: Selection) => readPage(reader, 'aneel.prova', selection, { limit: 1 })
      for (const name of ['_kh', '_n', '_h', '_o0', '__proto__', 'constructor', 'numero"; drop table x; --', '', '-']) {
        await rejectsWith(of({ columns: [name] }), 'QUERY_COLUMN')
        await rejectsWith(of({ order: [name] }), 'QUERY_COLUMN')
        await rejectsWith(of({ where: is(name, 1) }), 'QUERY_COLUMN')
      }
      for (const value of ['0000-01-01', '2026-02-30', '2026-01-01; --']) {
        await rejectsWith(of({ where: is('mes', value) }), 'QUERY_VALUE')
      }
      // as it may come from a caller that checks nothing
      const condition: Condition = JSON.parse('{"column":"numero","op":"= 1 or 1","value":1}')
      await rejectsWith(of({ where: [condition] }), 'QUERY_CONDITION')
    })
  })
}

function is(column: string, value: string | number): Condition[] {
  return [{ column, op: '=', value }]
}
