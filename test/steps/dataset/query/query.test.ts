import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parser } from '../../../../lib/schema.ts'
import { readCondition } from '../../../../lib/steps/dataset/query/conditions.ts'
import { type Batch, datasetQuery, type TakeBatch } from '../../../../lib/steps/dataset/query/query.ts'
import { QueryConfigSchema, type QueryInput, type QueryOutput } from '../../../../lib/steps/dataset/query/schema.ts'
import { rejectsWith } from '../../../helpers/rejects.ts'
import { kinds, memoryLog, noHttp, openSurroundings, type Surroundings } from '../../../runs/surroundings.ts'
import { publish } from './published.ts'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

const configs = parser(QueryConfigSchema, 'config')
const signal = new AbortController().signal

for (const kind of kinds) {
  describe(`dataset-query on ${kind}`, { timeout: 180_000 }, () => {
    let surroundings: Surroundings
    const many = kind === 'server' ? 1_000_000 : 60_000
    before(async () => {
      surroundings = await openSurroundings(kind)
      await publish(surroundings.stores.postgres, 1, many)
    })
    after(() => surroundings.close())

    function run(config: object, take: TakeBatch, input: QueryInput = {}, until = signal): Promise<QueryOutput> {
      return datasetQuery(take).run(input, configs.parse({ dataset: 'aneel.prova', ...config }), {
        run: { id: '00000000-0000-4000-8000-000000000001', flow: 'f', slot: 's', epoch: 0, item: '' },
        ...{ node: 'n', attempt: 1, signal: until, stores: surroundings.stores, http: noHttp, log: memoryLog() },
        clock: { now: () => new Date() },
        progress() {},
        finish: async () => {},
      })
    }
    async function rows(config: object, input: QueryInput = {}): Promise<Batch['rows']> {
      const all: Batch['rows'] = []
      await run(config, async ({ rows: some }) => void all.push(...some), input)
      return all
    }
    const numbers = async (where: string[]) => (await rows({ where, columns: ['numero'] })).map(({ numero }) => numero)

    it('reads all rows in flat memory, one batch after the other, of one state', async () => {
      let count = 0
      let sum = 0
      let peak = 0
      let before = 0
      let busy = false
      const began = performance.now()
      const end = await run({ limit: 10_000_000, batch: 5_000 }, async ({ rows: some, index, last }) => {
        assert.equal(busy, false, 'the batch before is through')
        busy = true
        if (index === 3) await publish(surroundings.stores.postgres, 2, 10)
        if (index % 20 === 5) {
          collect()
          const { heapUsed, arrayBuffers } = process.memoryUsage()
          if (index === 5) before = heapUsed + arrayBuffers
          peak = Math.max(peak, heapUsed + arrayBuffers - before)
        }
        for (const row of some) sum += Number(row.numero)
        count += some.length
        assert.equal(last, count === many)
        busy = false
      })
      assert.deepEqual([count, sum, end.rows, end.cut], [many, (many * (many + 1)) / 2, many, false])
      assert.deepEqual([end.version, end.tier, end.attribution], [1, 'primary', 'Fonte: ANEEL, licença ODbL'])
      assert.ok(peak < 30e6, `grew by ${peak} bytes`)
      console.log(
        `${kind}: ${many} rows in ${Math.round(performance.now() - began)} ms, grew by ${Math.round(peak / 1e6)} MB`,
      )
      const later = await run({}, async () => {})
      assert.deepEqual([later.version, later.rows], [2, 10], 'the next query sees the version published meanwhile')
    })

    it('filters by the contract’s types', async () => {
      assert.deepEqual(await numbers(['numero in 3 | 5']), [3, 5])
      assert.deepEqual(await numbers(['valor > 8.5']), [9, 10])
      assert.deepEqual(await numbers(['numero between 2 | 3']), [2, 3])
      assert.deepEqual(await numbers(['agente is null']), [10])
      assert.deepEqual(await numbers(['mes = 2020-03']), [2])
      assert.deepEqual(await numbers(['cnpj = 7']), [7])
      assert.deepEqual(await numbers(['cnpj = 00.000.000/0000-07']), [7])
      assert.deepEqual(await numbers(["agente contains D'ÁGUA", 'numero <> 1', 'numero < 3']), [2])
      assert.deepEqual(await numbers(['agente begins Distribuidora "3"']), [3])
      assert.deepEqual(await numbers(['agente begins %']), [])
      assert.deepEqual(await numbers(['numero not in 1 | 2 | 3', 'numero <= 5']), [4, 5])
    })

    it('sorts, limits, chooses columns, and says how a value is written', async () => {
      const [first, ...more] = await rows({ columns: ['valor', 'mes'], order: ['-numero'], limit: 1 })
      assert.deepEqual([first, more.length], [{ valor: 10.001, mes: '2020-11-01' }, 0])
      assert.deepEqual(await rows({ columns: ['valor'], numbers: 'text', limit: 1, order: ['numero'] }), [
        { valor: '1.0001' },
      ])
      const end = await run({ limit: 4, batch: 3 }, async () => {})
      assert.deepEqual([end.rows, end.batches, end.cut], [4, 2, true])
      const exact = await run({ limit: 10, batch: 5 }, async () => {})
      assert.deepEqual([exact.rows, exact.batches, exact.cut], [10, 2, false])
      const none = await run({ where: ['numero = 77'] }, async () => assert.fail('no batch'))
      assert.deepEqual([none.rows, none.batches], [0, 0])
    })

    it('binds every value and knows every column', async () => {
      const evil = "x' or 1=1; drop table aneel.prova_v2; --"
      assert.deepEqual(await rows({}, { where: [{ column: 'agente', op: '=', value: evil }] }), [])
      await rejectsWith(rows({}, { where: [{ column: 'numero', op: '=', value: evil }] }), 'QUERY_VALUE')
      await rejectsWith(rows({}, { where: [{ column: '_kh', op: '=', value: 1 }] }), 'QUERY_COLUMN')
      await rejectsWith(rows({ order: ['nada'] }), 'QUERY_COLUMN')
      await rejectsWith(rows({ columns: ['nada'] }), 'QUERY_COLUMN')
      await rejectsWith(rows({ where: ['mes = 2020-13'] }), 'QUERY_VALUE')
      await rejectsWith(rows({ where: ['numero contains 1'] }), 'QUERY_CONDITION')
      await rejectsWith(rows({ where: ['numero between 1'] }), 'QUERY_CONDITION')
      await rejectsWith(rows({ dataset: 'aneel.nada' }), 'NO_COPY')
      await rejectsWith(rows({ dataset: '' }), 'UNKNOWN_DATASET')
      assert.equal((await rows({})).length, 10)
    })

    it('leaves no cursor behind, also when it is called off or its taker fails', async () => {
      const off = new AbortController()
      const called = run({ batch: 1 }, async () => off.abort(new Error('off')), {}, off.signal)
      await assert.rejects(called)
      await assert.rejects(
        run({ batch: 1 }, () => sleep(1).then(() => Promise.reject(new Error('taker')))),
        /taker/,
      )
      const { rows: cursors } = await surroundings.stores.postgres.query(
        `select name from pg_cursors where name like 'ysh_query_%'`,
      )
      assert.deepEqual(cursors, [])
    })
  })
}

describe('a condition in the form', () => {
  it('is read by its longest operator', () => {
    assert.deepEqual(readCondition('a not in x | y z'), { column: 'a', op: 'not in', value: ['x', 'y z'] })
    assert.deepEqual(readCondition('a >= 3'), { column: 'a', op: '>=', value: '3' })
    assert.deepEqual(readCondition('a is not null'), { column: 'a', op: 'is not null' })
    for (const bad of ['a', 'a like x', 'a = ', 'a is null 3', 'a in'])
      assert.throws(() => readCondition(bad), /QUERY|condition/i)
  })
})
