import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Holder } from '../../../lib/stores/postgres/embedded/lock.ts'
import { createEmbedded, openPostgres } from '../../../lib/stores/postgres/index.ts'
import { binaryRows } from '../../helpers/binary-copy.ts'
import { type EmbeddedFolder, embeddedFolder } from '../../helpers/embedded-folder.ts'
import { rejectsWith } from '../../helpers/rejects.ts'

const script = fileURLToPath(new URL('./other-process.ts', import.meta.url))

describe('the process of the embedded store', { timeout: 180_000 }, () => {
  let folder: EmbeddedFolder
  const others: ChildProcess[] = []

  before(async () => {
    folder = await embeddedFolder()
  })
  afterEach(() => {
    for (const other of others.splice(0)) other.kill('SIGKILL')
  })
  after(() => folder?.remove())

  const open = (options: { stuckMs?: number } = {}) =>
    openPostgres({ kind: 'embedded', folder: folder.path, ...options })
  const holder = async (): Promise<Holder> => JSON.parse(await readFile(join(folder.path, 'lock.json'), 'utf8'))
  /** Starts another process; `line` waits for the next thing it says. */
  const other = (what: string, ...values: string[]) => {
    const started = spawn(process.execPath, [script, what, ...values], { stdio: ['ignore', 'pipe', 'inherit'] })
    others.push(started)
    const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]()
    const line = async () => {
      const next = await lines.next()
      return next.done === true ? '' : next.value
    }
    return { process: started, line }
  }
  const gone = async (pid: number) => {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      try {
        process.kill(pid, 0)
      } catch {
        return
      }
      await sleep(50)
    }
    assert.fail(`process ${pid} is still there`)
  }

  test('a folder in use is refused to another process, with the holder named', async () => {
    const store = await open()
    const second = other('open', folder.path)
    const line = await second.line()
    const { pid } = await holder()
    assert.match(line, /^error /)
    const error = JSON.parse(line.slice('error '.length))
    assert.deepEqual([error.code, error.details.pid, error.retryable], ['STORE_LOCKED', pid, false])
    assert.ok(error.message.includes(String(pid)))
    await store.query('select 1')
    await store.close()
    const third = other('open', folder.path)
    assert.equal(await third.line(), 'open')
  })

  test('and the other way round', async () => {
    const first = other('sleep', folder.path)
    assert.equal(await first.line(), 'open')
    const error = await rejectsWith(open(), 'STORE_LOCKED')
    assert.equal(error.details?.pid, (await holder()).pid)
    first.process.kill('SIGKILL')
    await once(first.process, 'exit')
  })

  test('an orphan that does not notice is put out of the way', async () => {
    const first = other('sleep', folder.path)
    assert.equal(await first.line(), 'open')
    assert.equal(await first.line(), 'sleeping')
    const { pid } = await holder()
    // Long enough for the statement to be in the backend, which hears nothing for a minute.
    await sleep(500)
    first.process.kill('SIGKILL')
    await once(first.process, 'exit')
    const store = await open()
    await gone(pid)
    await store.close()
  })

  test('stores of one process share one child, the last one closes it', async () => {
    const [first, second] = await Promise.all([open(), open()])
    const { pid } = await holder()
    assert.deepEqual(first.target, second.target)
    await first.close()
    await second.query('select 1')
    assert.equal((await holder()).pid, pid)
    const closing = second.close()
    const third = await open()
    await closing
    assert.notEqual((await holder()).pid, pid)
    await third.query('select 1')
    await third.close()
    await gone(pid)
  })

  test('kill -9 of the parent: the child goes, nothing acknowledged is lost', async (context) => {
    const store = await open()
    await store.query('create table written (id int primary key, body text)')
    await store.close()
    let next = 0
    for (let round = 0; round < 4; round += 1) {
      const writer = other('write', folder.path, String(next))
      assert.equal(await writer.line(), 'open')
      const { pid } = await holder()
      let last = next - 1
      const until = next + randomInt(50, 400)
      while (last < until) last = Number(await writer.line())
      writer.process.kill('SIGKILL')
      // What it had said before it died counts too.
      for (let line = await writer.line(); line !== ''; line = await writer.line()) last = Number(line)
      const again = await open()
      await gone(pid)
      const { rows } = await again.query<{ n: number; top: number; half: number }>(
        'select count(*)::int n, max(id) top, count(*) filter (where body is null)::int half from written',
      )
      const found = rows[0]
      assert.ok(found)
      assert.ok(found.top >= last, `acknowledged up to ${last}, found ${found.top}`)
      assert.ok(found.top <= last + 1, 'at most one was not acknowledged yet')
      assert.deepEqual([found.n, found.half], [found.top + 1, 0])
      await again.close()
      next = found.top + 1
    }
    context.diagnostic(`${next} rows in 4 rounds`)
  })

  test('a child that is killed: what was in flight is rejected, the next statement starts another', async () => {
    const store = await open()
    await store.query('create table kept (id int)')
    await store.query('insert into kept values (1)')
    const connection = await store.connect()
    const { pid } = await holder()
    const flying = [store.query('select pg_sleep(20)'), connection.query('select 1 from pg_sleep(20)')]
    const caught = Promise.all(flying.map((each) => rejectsWith(each, 'STORE_UNAVAILABLE')))
    await sleep(200)
    process.kill(pid, 'SIGKILL')
    assert.ok((await caught).every((error) => error.retryable))
    assert.deepEqual((await store.query('select * from kept')).rows, [{ id: 1 }])
    assert.notEqual((await holder()).pid, pid)
    await rejectsWith(connection.query('select 1'), 'STORE_UNAVAILABLE')
    await connection.close()
    const next = await store.connect()
    await next.query('select 1')
    await next.close()
    await store.close()
  })

  test('a child that dies again and again is not started for ever', async () => {
    const store = await open()
    for (let death = 0; death < 5; death += 1) {
      const { pid } = await holder()
      process.kill(pid, 'SIGKILL')
      await gone(pid)
      if (death < 4) {
        await store.query('select 1').catch(() => undefined)
        await store.query('select 1')
      }
    }
    const error = await rejectsWith(store.query('select 1'), 'STORE_UNAVAILABLE')
    assert.equal(error.retryAfterMs, 60_000)
    assert.match(error.message, /SIGKILL/)
    await store.close()
  })

  test('a child that answers nobody for too long is replaced', async () => {
    const store = await open({ stuckMs: 1_000 })
    const { pid } = await holder()
    await rejectsWith(store.query('select pg_sleep(30)'), 'STORE_UNAVAILABLE')
    await store.query('select 1')
    assert.notEqual((await holder()).pid, pid)
    // An idle one is left alone.
    const next = await holder()
    await sleep(1_600)
    assert.equal((await holder()).pid, next.pid)
    await store.close()
  })

  test('signals to the whole group do not end it before its parent', async () => {
    const store = await open()
    const { pid } = await holder()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid, signal)
    await store.query('select 1')
    assert.equal((await holder()).pid, pid)
    await store.close()
    await gone(pid)
  })

  test('creating is done once, and can be killed in the middle', async () => {
    const path = await mkdtemp(join(tmpdir(), 'pipeline-create-'))
    const first = other('create', path)
    while ((await readFile(join(path, 'lock.json'), 'utf8').catch(() => '')) === '') await sleep(20)
    await sleep(randomInt(300, 1_500))
    first.process.kill('SIGKILL')
    await once(first.process, 'exit')
    assert.equal(await createAfter(path), true)
    assert.equal(await createEmbedded(path), false)
    const store = await openPostgres({ kind: 'embedded', folder: path })
    await store.query('select 1')
    await store.close()
    await rm(path, { recursive: true, force: true })
  })

  test('a folder that cannot be made', async () => {
    const path = join(folder.path, 'a-file')
    await writeFile(path, '')
    await rejectsWith(openPostgres({ kind: 'embedded', folder: path }), 'STORE_CONFIG')
  })

  test('figures: opening, memory, bulk load', async (context) => {
    let started = performance.now()
    const store = await open()
    const openMs = performance.now() - started
    await store.query('create table measured (id int, name text, amount int)')
    const idle = await memory((await holder()).pid)
    const connection = await store.connect()
    const sink = await connection.copyIn('measured')
    const block = binaryRows(Array.from({ length: 5_000 }, (_, at) => [at, `the name of row ${at}`, at * 2]))
    started = performance.now()
    let underWay = Promise.resolve()
    for (let at = 0; at < 100; at += 1) {
      const next = sink.write(block)
      await underWay
      underWay = next
    }
    assert.equal(await sink.end(), 500_000)
    const rate = 500_000 / ((performance.now() - started) / 1_000)
    const loaded = await memory((await holder()).pid)
    context.diagnostic(
      `open ${openMs.toFixed(0)} ms; child ${idle.now} MB (peak ${idle.peak}) idle, ${loaded.now} MB (peak ${loaded.peak}) ` +
        `after 500,000 rows, ${(block.length / 1e4).toFixed(0)} MB, at ${Math.round(rate)} rows/s`,
    )
    // Flat: with the rows in memory the peak would follow them.
    assert.ok(loaded.peak < 350, `${loaded.peak} MB`)
    await connection.close()
    await store.close()
  })

  /** Creates once the orphan of a killed creator has let go. */
  async function createAfter(path: string): Promise<boolean> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await createEmbedded(path)
      } catch (error) {
        if (attempt === 100) throw error
        await sleep(100)
      }
    }
  }

  /** Resident memory of a process in MB, now and at its peak. Linux only; zero elsewhere. */
  async function memory(pid: number): Promise<{ now: number; peak: number }> {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    const field = (name: string) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1_000)
    return { now: field('VmRSS'), peak: field('VmHWM') }
  }
})
