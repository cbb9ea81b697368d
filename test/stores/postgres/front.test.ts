import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { clientRecipe } from '../../../lib/stores/postgres/client.ts'
import { openPostgres } from '../../../lib/stores/postgres/index.ts'
import type { PostgresStore } from '../../../lib/stores/postgres/port.ts'
import { type EmbeddedFolder, embeddedFolder } from '../../helpers/embedded-folder.ts'
import { rejectsWith } from '../../helpers/rejects.ts'
import { outline, RawClient, raw, rawExtended } from './raw-client.ts'

const IDLE_MS = 1_000

describe('the front of the embedded store', { timeout: 120_000 }, () => {
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

  describe('opening', () => {
    test('TLS is declined, and the connection goes on without', async () => {
      const opening = await RawClient.dial(store.target)
      for (const code of [80_877_103, 80_877_104]) {
        const request = Buffer.alloc(8)
        request.writeInt32BE(8)
        request.writeInt32BE(code, 4)
        const answer = once(opening.socket, 'data')
        opening.socket.write(request)
        assert.equal(String((await answer)[0]), 'N')
      }
      opening.close()
    })

    test('a wrong secret, or none, opens nothing', async () => {
      const wrong = await RawClient.dial(store.target)
      wrong.startup()
      await wrong.until('R')
      wrong.send('p', 'wrong\0')
      assert.equal(outline(await wrong.until('Z')), 'E:28P01')
      const silent = await RawClient.dial(store.target)
      silent.startup()
      await silent.until('R')
      silent.send('Q', 'select 1\0')
      assert.equal(outline(await silent.until('Z')), 'E:28P01')
    })

    test('nonsense ends its own connection only', async () => {
      const noise = await RawClient.dial(store.target)
      noise.socket.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
      assert.equal(outline(await noise.until('Z')), 'E:08P01')
      const later = await RawClient.open(store.target)
      later.socket.write(Buffer.from([0x51, 0, 0, 0, 1]))
      assert.equal(outline(await later.until('Z')), 'E:08P01')
      const unknown = await RawClient.open(store.target)
      unknown.send('?', 'what')
      assert.equal(outline(await unknown.until('Z')), 'E:08P01')
      const cancel = await RawClient.dial(store.target)
      cancel.socket.write(Buffer.from([0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 1, 0, 0, 0, 0]))
      assert.equal(outline(await cancel.until('Z')), '')
      await store.query('select 1')
    })

    test('clients beyond the limit are told to come back', async () => {
      const crowd = await Promise.all(Array.from({ length: 205 }, () => RawClient.dial(store.target)))
      const error = await rejectsWith(store.connect(), 'STORE_UNAVAILABLE')
      assert.equal(error.details?.sqlstate, '53300')
      for (const each of crowd) each.close()
      for (let attempt = 0; ; attempt += 1) {
        const connection = await store.connect().catch(() => undefined)
        await connection?.close()
        if (connection !== undefined) break
        assert.ok(attempt < 100, 'places come free again')
      }
    })
  })

  describe('batches', () => {
    test('pipelined queries and batches are answered in order', async () => {
      const one = await RawClient.open(store.target)
      one.socket.write(
        Buffer.concat([
          raw('Q', 'select 1\0'),
          rawExtended('select 2'),
          raw('S'),
          rawExtended('select 1/0'),
          rawExtended('select 3'),
          raw('S'),
          raw('Q', 'select 4; select 5\0'),
        ]),
      )
      const answers = []
      for (let turn = 0; turn < 4; turn += 1) answers.push(outline(await one.until('Z')))
      assert.deepEqual(answers, ['T D C ZI', '1 2 D C ZI', '1 E:22012 ZI', 'T D C T D C ZI'])
      one.close()
    })

    test('a portal read piece by piece is not disturbed by others', async () => {
      const reader = await RawClient.open(store.target)
      reader.socket.write(
        Buffer.concat([
          raw('P', '\0select generate_series(1, 5)\0\0\0'),
          raw('B', Buffer.alloc(8)),
          raw('E', Buffer.from([0, 0, 0, 0, 2])),
          raw('H'),
        ]),
      )
      assert.equal(outline(await reader.until('s')), '1 2 D D s')
      const others = Promise.all(Array.from({ length: 5 }, (_, n) => store.query('select $1::int n', [n])))
      for (const expected of ['D D s', 'D C']) {
        reader.socket.write(Buffer.concat([raw('E', Buffer.from([0, 0, 0, 0, 2])), raw('H')]))
        assert.equal(outline(await reader.until(expected.at(-1) ?? '')), expected)
      }
      reader.send('S')
      assert.equal(outline(await reader.until('Z')), 'ZI')
      assert.deepEqual(
        (await others).map((result) => result.rows[0]?.n),
        [0, 1, 2, 3, 4],
      )
      reader.close()
    })

    test('after an error before a Flush everything up to the Sync is skipped', async () => {
      const one = await RawClient.open(store.target)
      one.socket.write(Buffer.concat([rawExtended('select 1/0'), raw('H')]))
      assert.equal(outline(await one.until('E')), '1 E:22012')
      one.socket.write(Buffer.concat([rawExtended('select 2'), raw('H'), raw('Q', 'select 3\0'), raw('S')]))
      assert.equal(outline(await one.until('Z')), 'ZI')
      assert.equal(outline(await one.query('select 4')), 'T D C ZI')
      one.close()
    })

    test('100 kB parameters from many clients at once', async () => {
      const clients = await Promise.all(Array.from({ length: 8 }, client))
      const echo = async (on: pg.Client, id: number) => {
        for (let turn = 0; turn < 30; turn += 1) {
          const text = `${id}.${turn} `.repeat(20_000)
          const { rows } = await on.query('select $1::text as text, $2::int as id', [text, id])
          assert.ok(rows[0].text === text && rows[0].id === id)
        }
      }
      await Promise.all(clients.map(echo))
      await Promise.all(clients.map((each) => each.end()))
    })

    test('who does not read is not waited for', async () => {
      const deaf = await RawClient.open(store.target)
      deaf.socket.pause()
      for (let turn = 0; turn < 20; turn += 1) deaf.send('Q', `select repeat('x', 1000000)\0`)
      for (let turn = 0; turn < 20; turn += 1) await store.query('select 1')
      deaf.socket.resume()
      for (let turn = 0; turn < 20; turn += 1) assert.equal(outline(await deaf.until('Z')), 'T D C ZI')
      deaf.close()
    })
  })

  describe('owners that leave', () => {
    test('150 clients dropped around BEGIN', async () => {
      const drop = async (at: number) => {
        const one = await RawClient.open(store.target)
        one.send('Q', 'begin\0')
        if (at % 3 !== 0) await one.until('Z')
        one.send('Q', `insert into noted values (${at}, 'dropped')\0`)
        if (at % 3 === 2) await one.until('Z')
        one.close()
      }
      for (let from = 0; from < 150; from += 30) {
        await Promise.all(Array.from({ length: 30 }, (_, at) => drop(from + at)))
      }
      assert.equal(await count(`name = 'dropped'`), 0)
    })

    test('an unfinished batch goes with its client', async () => {
      const one = await RawClient.open(store.target)
      one.socket.write(Buffer.concat([rawExtended(`insert into noted values (1, 'unfinished')`), raw('H')]))
      assert.equal(outline(await one.until('C')), '1 2 C')
      one.close()
      assert.equal(await count(`name = 'unfinished'`), 0)
    })

    test('a transaction that idles is rolled back, so that others go on', async () => {
      const idle = await RawClient.open(store.target)
      await idle.query('begin')
      await idle.query(`insert into noted values (1, 'idle')`)
      const started = performance.now()
      assert.equal(await count(`name = 'idle'`), 0)
      assert.ok(performance.now() - started > IDLE_MS / 2, 'the others had to wait')
      assert.equal(outline(await idle.until('Z')), 'E:25P03')
    })

    test('a good-bye in a transaction rolls back', async () => {
      const one = await RawClient.open(store.target)
      one.socket.write(
        Buffer.concat([raw('Q', 'begin\0'), raw('Q', `insert into noted values (1, 'goodbye')\0`), raw('X')]),
      )
      await once(one.socket, 'close')
      assert.equal(await count(`name = 'goodbye'`), 0)
    })
  })

  describe('notifications', () => {
    test('reach everybody who listens, and nobody else', async () => {
      const heard: string[] = []
      const [ann, bob, eve] = await Promise.all([client(), client(), client()])
      const names = { ann, bob, eve }
      for (const [name, each] of Object.entries(names)) {
        each.on('notification', ({ channel, payload }) => heard.push(`${name} ${channel} ${payload}`))
      }
      await ann.query('listen News')
      await ann.query('listen "Other ""one"""')
      await bob.query('LISTEN news')
      await eve.query('begin')
      await eve.query(`notify news, 'early'`)
      await eve.query('rollback')
      await eve.query('begin')
      await eve.query(`select pg_notify('news', $1)`, ['first'])
      await eve.query(`notify "Other ""one""", 'quoted'`)
      assert.deepEqual(heard, [])
      await eve.query('commit')
      await bob.query('unlisten news')
      await eve.query(`notify news, 'second'`)
      await ann.query(`notify news, 'own'`)
      await ann.query('unlisten *')
      await eve.query(`notify news, 'nobody'`)
      await Promise.all([ann, bob, eve].map((each) => each.query('select 1')))
      assert.deepEqual(heard.sort(), [
        'ann Other "one" quoted',
        'ann news first',
        'ann news own',
        'ann news second',
        'bob news first',
      ])
      await Promise.all([ann, bob, eve].map((each) => each.end()))
      await store.query(`notify news, 'gone'`)
      const { rows } = await store.query('select pg_listening_channels() c')
      assert.deepEqual(rows, [])
    })
  })
})
