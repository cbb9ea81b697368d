import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openPostgres } from '../../../lib/stores/postgres/index.ts'
import type { PostgresStore } from '../../../lib/stores/postgres/port.ts'
import type { Ground } from './conformance.ts'

const CLIENTS = 20
const SECONDS = 3

/** Many clients at once over two stores: no wrong row, no lost row, no hang. */
export function concurrency(name: string, prepare: () => Promise<Ground>): void {
  describe(`many clients on ${name}`, { timeout: 120_000 }, () => {
    let ground: Ground
    let stores: PostgresStore[]

    before(async () => {
      ground = await prepare()
      const open = () => openPostgres({ ...ground.config, maxConnections: CLIENTS / 2 })
      stores = [await open(), await open()]
      await stores[0]?.query('create table mixed (client int, step int, body text, primary key (client, step))')
    })
    after(async () => {
      await Promise.all((stores ?? []).map((store) => store.close()))
      await ground?.remove()
    })

    test(`${CLIENTS} clients mix transactions and single statements for ${SECONDS} s`, async (context) => {
      const end = Date.now() + SECONDS * 1_000
      const counts = { single: 0, transactions: 0, undone: 0 }
      const client = async (id: number, store: PostgresStore) => {
        let steps = 0
        // Sizes on both sides of every buffer on the way.
        const body = (step: number) => `${id}/${step} `.repeat(step % 7 === 0 ? 15_000 : step % 50)
        while (Date.now() < end) {
          const token = `${id}-${steps}`
          const echo = await store.query<{ token: string; id: number }>('select $1::text token, $2::int id', [
            token,
            id,
          ])
          assert.deepEqual(echo.rows, [{ token, id }])
          const plain = await store.query(`select ${id} as id, '${token}' as token, ${steps} as steps`)
          assert.deepEqual(plain.rows, [{ id, token, steps }])
          counts.single += 2
          await store.transaction(async (tx) => {
            await tx.query('insert into mixed values ($1, $2, $3)', [id, steps, body(steps)])
            const { rows } = await tx.query('select body from mixed where client = $1 and step = $2', [id, steps])
            assert.deepEqual(rows, [{ body: body(steps) }])
          })
          counts.transactions += 1
          steps += 1
          const undone = store.transaction(async (tx) => {
            await tx.query('insert into mixed values ($1, $2, $3)', [id, steps, 'never'])
            if (steps % 2 === 0) await tx.query('select 1/0')
            throw new Error('undone')
          })
          await assert.rejects(undone, /undone|division by zero/)
          counts.undone += 1
          await assert.rejects(store.query('select $1::int / 0', [id]), /division by zero/)
          const own = await store.query('select count(*)::int n, max(step) last from mixed where client = $1', [id])
          assert.deepEqual(own.rows, [{ n: steps, last: steps - 1 }])
        }
        return steps
      }
      const done = await Promise.all(
        Array.from({ length: CLIENTS }, (_, id) => {
          const store = stores[id % 2]
          assert.ok(store)
          return client(id, store)
        }),
      )
      context.diagnostic(
        `${counts.transactions} committed, ${counts.undone} undone, ${counts.single} single statements`,
      )
      const total = done.reduce((sum, steps) => sum + steps, 0)
      assert.ok(
        done.every((steps) => steps > 0),
        'every client had its turns',
      )
      assert.deepEqual((await stores[0]?.query('select count(*)::int n from mixed'))?.rows, [{ n: total }])
    })
  })
}
