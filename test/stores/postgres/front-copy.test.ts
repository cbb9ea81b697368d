import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { clientRecipe } from '../../../lib/stores/postgres/client.ts'
import { openPostgres } from '../../../lib/stores/postgres/index.ts'
import type { PostgresStore } from '../../../lib/stores/postgres/port.ts'
import { binaryRows } from '../../helpers/binary-copy.ts'
import { type EmbeddedFolder, embeddedFolder } from '../../helpers/embedded-folder.ts'
import { outline, RawClient, raw, rawExtended } from './raw-client.ts'

const SIGNATURE = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)])
const IDLE_MS = 1_000

describe('what the front refuses, and COPY through it', { timeout: 120_000 }, () => {
  let folder: EmbeddedFolder
  let store: PostgresStore

  before(async () => {
    folder = await embeddedFolder()
    store = await openPostgres({ kind: 'embedded', folder: folder.path, idleInTransactionMs: IDLE_MS })
    await store.query('create table noted (id int, name text)')
  })
  after(async () => {
    await store?.close()
    await folder?.remove()
  })

  const client = async () => {
    const opened = new pg.Client(clientRecipe(store.target).config)
    opened.on('error', () => {})
    await opened.connect()
    return opened
  }
  const count = async (where: string) =>
    (await store.query<{ n: number }>(`select count(*)::int n from noted where ${where}`)).rows[0]?.n

  describe('refusals', () => {
    const refused: [string, string][] = [
      ['copy noted from stdin', '0A000'],
      ['COPY noted FROM STDIN (FORMAT csv)', '0A000'],
      [`select 1; copy noted from stdin (format binary)`, '0A000'],
      ['set search_path = pg_catalog', '0A000'],
      ['/* hidden */ SET SESSION work_mem = 100', '0A000'],
      ['prepare p as select 1', '0A000'],
      ['discard all', '0A000'],
    ]
    for (const [text, code] of refused) {
      test(text, async () => {
        const one = await RawClient.open(store.target)
        assert.equal(outline(await one.query(text)), `E:${code} ZI`)
        one.socket.write(Buffer.concat([rawExtended('select 1'), rawExtended(text), raw('S')]))
        assert.equal(outline(await one.until('Z')), `E:${code} ZI`)
        one.socket.write(Buffer.concat([rawExtended(text), raw('H')]))
        assert.equal(outline(await one.until('E')), `E:${code}`)
        one.socket.write(Buffer.concat([rawExtended('select 1'), raw('S')]))
        assert.equal(outline(await one.until('Z')), 'ZI')
        await one.query('begin')
        assert.equal(outline(await one.query(text)), `E:${code} ZE`)
        assert.equal(outline(await one.query(text)), 'E:25P02 ZE')
        assert.equal(outline(await one.query('commit')), 'C ZI')
        one.close()
      })
    }

    test('a statement with a name', async () => {
      const one = await client()
      await assert.rejects(one.query({ name: 'named', text: 'select 1' }), { code: '0A000' })
      assert.deepEqual((await one.query('select 1 as n')).rows, [{ n: 1 }])
      await one.end()
    })

    test('nothing of the kind', async () => {
      await store.query(`select 'copy x from stdin' as "set", $$ set work_mem = 1; $$ as listen -- ; discard all`)
      await store.transaction(async (tx) => {
        await tx.query('set transaction read only')
        await tx.query('set local work_mem = 1000')
        await tx.query('set constraints all deferred')
      })
      await store.query('update noted set name = name where false')
    })
  })

  describe('COPY', () => {
    const rows = (length: number) => Array.from({ length }, (_, at) => [at, `row ${at}`] as const)
    const start = async (one: RawClient, text = 'copy noted from stdin (format binary)') => {
      one.send('Q', `${text}\0`)
      assert.equal(outline(await one.until('G')), 'G')
    }

    test('rows may be cut into messages anywhere', async () => {
      await store.query('truncate noted')
      const bytes = Buffer.concat([SIGNATURE, binaryRows(rows(3_000)), Buffer.from([0xff, 0xff])])
      const one = await RawClient.open(store.target)
      await start(one)
      for (let from = 0; from < bytes.length; ) {
        const to = from + randomInt(1, from < 100 ? 3 : 500)
        one.send('d', bytes.subarray(from, to))
        from = to
      }
      one.send('H')
      one.send('c')
      const end = await one.until('Z')
      assert.equal(outline(end), 'C ZI')
      assert.equal(end[0]?.payload.toString(), 'COPY 3000\0')
      assert.equal(await count(`name = 'row ' || id`), 3_000)
      one.close()
    })

    test('what is no binary COPY is an error, and what follows it is dropped', async () => {
      await store.query('truncate noted')
      const broken: [string, Buffer][] = [
        ['no header', Buffer.from('1\ttext\n2\tmore text\n')],
        ['nothing at all', Buffer.alloc(0)],
        ['a row cut short', Buffer.concat([SIGNATURE, binaryRows(rows(2)).subarray(0, -3)])],
        ['a negative size', Buffer.concat([SIGNATURE, Buffer.from([0, 1, 0xff, 0xff, 0xff, 0])])],
        ['rows after the end', Buffer.concat([SIGNATURE, Buffer.from([0xff, 0xff]), binaryRows(rows(1))])],
        ['too few columns', Buffer.concat([SIGNATURE, binaryRows([[1]])])],
      ]
      for (const [what, bytes] of broken) {
        const one = await RawClient.open(store.target)
        await start(one)
        one.socket.write(Buffer.concat([raw('d', bytes), raw('c'), raw('d', 'late'), raw('f', 'late\0')]))
        assert.equal(outline(await one.until('Z')), 'E:22P04 ZI', what)
        assert.equal(outline(await one.query('select 1')), 'T D C ZI', what)
        one.close()
      }
      assert.equal(await count('true'), 0)
    })

    test('another statement ends the load', async () => {
      const one = await RawClient.open(store.target)
      await start(one)
      one.send('Q', 'select 1\0')
      assert.equal(outline(await one.until('Z')), 'E:08P01 ZI')
      one.close()
    })

    test('giving up, in a transaction and out of it', async () => {
      const one = await RawClient.open(store.target)
      await start(one)
      one.send('f', `it's over $1\0`)
      const end = await one.until('Z')
      assert.equal(outline(end), 'E:57014 ZI')
      assert.match(end[0]?.payload.toString() ?? '', /COPY from stdin failed: it's over \$1/)
      await one.query('begin')
      await start(one)
      one.send('f', 'again\0')
      assert.equal(outline(await one.until('Z')), 'E:57014 ZE')
      assert.equal(outline(await one.query('copy noted from stdin (format binary)')), 'E:25P02 ZE')
      one.close()
    })

    test('COPY TO STDOUT passes', async () => {
      const one = await RawClient.open(store.target)
      assert.equal(outline(await one.query('copy (select generate_series(1, 3)) to stdout')), 'H d d d c C ZI')
      one.close()
    })

    test('a sender faster than the store is held back', async () => {
      await store.query('truncate noted')
      const one = await RawClient.open(store.target)
      const holder = await RawClient.open(store.target)
      const block = raw('d', binaryRows(rows(10_000)))
      const total = 150
      let sent = 0
      const { promise: allSent, resolve: done } = Promise.withResolvers<void>()
      const next = () => {
        if (sent === total) return done()
        one.socket.write(block, () => {
          sent += 1
          next()
        })
      }
      await start(one)
      await holder.query('begin')
      one.send('d', SIGNATURE)
      next()
      // While another has the store, only so much is taken in: the rest has to stay with the sender.
      await sleep(IDLE_MS / 4)
      const taken = sent * block.length
      assert.ok(taken > 4_000_000 && taken < 14_000_000, `${taken} of ${total * block.length} taken in`)
      await holder.query('commit')
      await allSent
      one.send('c')
      assert.equal(outline(await one.until('Z')), 'C ZI')
      assert.equal(await count('true'), 1_500_000)
      one.close()
      holder.close()
      await store.query('truncate noted')
    })
  })
})
