import assert from 'node:assert/strict'
import { type ChildProcess, execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { openFolderObjects } from '../../../lib/stores/objects/folder.ts'
import type { ObjectStore } from '../../../lib/stores/objects/port.ts'
import { filesBelow } from '../../helpers/files.ts'

const child = join(import.meta.dirname, 'folder-child.ts')

describe('folder objects and other processes', { timeout: 120_000 }, () => {
  let base: string
  let folder: string
  let store: ObjectStore
  let count = 0
  before(async () => {
    base = await mkdtemp(join(tmpdir(), 'objects-folder-'))
  })
  after(() => rm(base, { recursive: true, force: true }))

  const fresh = async () => {
    folder = join(base, `store-${count++}`)
    store = await openFolderObjects({ folder })
  }
  const start = (...args: string[]) => fork(child, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const kill = async (process: ChildProcess) => {
    const exit = once(process, 'exit')
    process.kill('SIGKILL')
    await exit
  }

  test('killed in the middle of a put: no object, and the next open removes the leftovers', async () => {
    await fresh()
    await store.put('kept', Buffer.from('x'), { metadata: { a: 'b' } })
    const process = start('stall', folder, 'one')
    await once(process, 'message')
    const parts = join(folder, '.store', 'parts')
    assert.equal((await readdir(parts)).length, 1)
    await openFolderObjects({ folder })
    assert.equal((await readdir(parts)).length, 1, 'the part of a living process stays')
    await kill(process)
    assert.equal(await store.head('stalled/object'), undefined)
    assert.deepEqual(
      (await store.list('')).objects.map((object) => object.key),
      ['kept'],
    )
    const again = await openFolderObjects({ folder })
    assert.deepEqual(await readdir(parts), [])
    assert.deepEqual((await again.head('kept'))?.metadata, { a: 'b' })
  })

  test('killed at any moment: every object is whole with its own metadata or none, and nothing is left after open', async () => {
    await fresh()
    for (let round = 0; round < 12; round++) {
      const process = start('replace', folder, `round${round}`)
      await once(process, 'message')
      // The moment of the kill is what is being varied; nothing waits on it.
      await new Promise((go) => setTimeout(go, 5 + round * 9))
      await kill(process)
      const open = await openFolderObjects({ folder })
      assert.deepEqual(await readdir(join(folder, '.store', 'parts')), [])
      let described = 0
      for (const { key } of (await open.list('replaced/')).objects) {
        const { metadata } = (await open.head(key)) ?? assert.fail()
        const content = await text((await open.get(key)).body)
        assert.equal(content.length % 5_000, 0)
        const one = content.slice(0, content.length / 5_000)
        assert.equal(content, one.repeat(5_000))
        assert.equal(metadata.content, one)
        described++
      }
      assert.equal((await filesBelow(join(folder, '.store', 'metadata'))).length, described)
    }
  })

  test('of several processes with ifAbsent exactly one wins each key', async () => {
    await fresh()
    const names = ['one', 'two', 'three']
    const children = names.map((name) => start('race', folder, name))
    const won = await Promise.all(
      children.map(async (process) => {
        const [[keys]] = await Promise.all([once(process, 'message'), once(process, 'exit')])
        assert.equal(process.exitCode, 0)
        return keys
      }),
    )
    const winners = new Map<string, string>()
    for (const [index, keys] of won.entries()) {
      for (const key of keys) {
        assert.ok(!winners.has(key), `${key} was won twice`)
        winners.set(key, names[index] ?? '')
      }
    }
    assert.equal(winners.size, 100)
    for (const [key, name] of winners) {
      const { info, body } = await store.get(key)
      assert.equal(await text(body), name)
      assert.equal(info.metadata.own, name)
    }
  })

  test('leftovers of a process that cannot be looked up go when they are old', async () => {
    await fresh()
    const parts = join(folder, '.store', 'parts')
    const old = new Date(Date.now() - 7 * 60 * 60 * 1000)
    for (const name of ['0123456789ab-1-1.x.part', 'strange', '0123456789ab-1-2.x.json']) {
      await writeFile(join(parts, name), 'x')
    }
    await openFolderObjects({ folder })
    assert.equal((await readdir(parts)).length, 3)
    await utimes(join(parts, '0123456789ab-1-1.x.part'), old, old)
    await openFolderObjects({ folder })
    assert.deepEqual((await readdir(parts)).sort(), ['0123456789ab-1-2.x.json', 'strange'])
    await openFolderObjects({ folder, leftoverAgeMs: -1 })
    assert.deepEqual(await readdir(parts), [])
  })

  test('a full disk is STORE_FULL, leaves nothing, and what fits still fits', async (context) => {
    const mount = join(base, 'full')
    await mkdir(mount)
    const script = 'mount -t tmpfs -o size=1m none "$1" && exec "$2" "$3" fill "$1/store"'
    const result = await new Promise<{ failed: boolean; out: string; err: string }>((done) => {
      execFile(
        'unshare',
        ['--mount', '--map-root-user', 'sh', '-c', script, 'sh', mount, process.execPath, child],
        (error, out, err) => done({ failed: error !== null, out, err }),
      )
    })
    if (result.failed && /unshare|mount|ENOENT|^$/.test(result.err)) {
      return context.skip(`no small file system can be mounted here: ${result.err.trim()}`)
    }
    assert.deepEqual(JSON.parse(result.out), { outcome: 'STORE_FULL', keys: ['small'] })
  })
})
