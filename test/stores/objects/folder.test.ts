import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { openFolderObjects } from '../../../lib/stores/objects/folder.ts'
import type { ObjectStore } from '../../../lib/stores/objects/port.ts'
import { filesBelow } from '../../helpers/files.ts'
import { code } from '../../helpers/pipeline-error.ts'
import { objectsConformance } from './conformance.ts'

objectsConformance('folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'objects-folder-'))
  return {
    store: await openFolderObjects({ folder }),
    dispose: () => rm(folder, { recursive: true, force: true }),
  }
})

describe('folder objects', { timeout: 120_000 }, () => {
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

  test('an object is the file its key names; capitals and other bytes are escaped, nothing of ours can be named', async () => {
    await fresh()
    await store.put('state/aneel.tarifas/last.json', Buffer.from('{}'))
    await store.put('Água/.store', Buffer.from('x'))
    assert.deepEqual(await filesBelow(folder), ['%c3%81gua/%2estore', 'state/aneel.tarifas/last.json'])
    assert.equal(await store.withFile('Água/.store', async (file) => file), join(folder, '%c3%81gua', '%2estore'))
    await writeFile(join(folder, 'README'), 'a stranger')
    await writeFile(join(folder, '%C3%81'), 'a stranger')
    assert.deepEqual(
      (await store.list('')).objects.map((object) => object.key),
      ['state/aneel.tarifas/last.json', 'Água/.store'],
    )
  })

  test('a key cannot be an object and a folder at once', async () => {
    await fresh()
    await store.put('a/b', Buffer.from('x'))
    await assert.rejects(store.put('a', Buffer.from('x')), code('OBJECT_KEY', /folder of other objects/))
    await assert.rejects(store.put('a', Buffer.from('x'), { ifAbsent: true }), code('OBJECT_KEY'))
    await assert.rejects(store.put('a/b/c', Buffer.from('x')), code('OBJECT_KEY', /An object stands where/))
    await store.delete('a/b')
    await mkdir(join(folder, 'a', 'left', 'empty'), { recursive: true })
    await assert.rejects(store.put('a', Buffer.from('x')), code('OBJECT_KEY'))
    await rm(join(folder, 'a', 'left'), { recursive: true })
    for (const ifAbsent of [false, true]) {
      await store.put('a', Buffer.from('x'), { ifAbsent })
      await store.delete('a')
      await mkdir(join(folder, 'a'))
    }
  })

  test('delete and replacement leave no metadata and no empty folder behind', async () => {
    await fresh()
    const options = { contentType: 'text/plain', metadata: { a: 'b' } }
    await store.put('x/y/z', Buffer.from('1'), options)
    await store.put('x/y/z', Buffer.from('2'), options)
    await store.put('x/w', Buffer.from('3'))
    assert.equal((await filesBelow(join(folder, '.store'))).length, 1)
    await store.delete('x/y/z')
    assert.deepEqual(await filesBelow(folder), ['x/w'])
    assert.deepEqual(await readdir(join(folder, 'x')), ['w'])
    await store.delete('x/w')
    assert.deepEqual(await readdir(folder), ['.store'])
  })

  test('symbolic links are never followed, wherever they stand', async () => {
    await fresh()
    const outside = join(base, 'outside')
    await mkdir(join(outside, 'inner'), { recursive: true })
    await writeFile(join(outside, 'secret'), 'secret')
    await mkdir(join(folder, 'd'))
    await symlink(outside, join(folder, 'link'))
    await symlink(join(outside, 'secret'), join(folder, 'd', 'leaf'))
    await symlink(join(outside, 'nowhere'), join(folder, 'd', 'dangling'))
    await symlink(folder, join(folder, 'self'))
    for (const key of [
      'link/secret',
      'link/new',
      'link/inner/new',
      'link/made/new',
      'self/d/new',
      'd/leaf',
      'd/dangling',
    ]) {
      await assert.rejects(store.put(key, Buffer.from('x')), code('OBJECT_KEY', /link/), `put ${key}`)
      await assert.rejects(store.put(key, Buffer.from('x'), { ifAbsent: true }), code('OBJECT_KEY'), `put ${key}`)
    }
    for (const key of ['link/secret', 'd/leaf', 'd/dangling', 'self/d/leaf']) {
      await assert.rejects(store.get(key), code('OBJECT_KEY'), `get ${key}`)
      await assert.rejects(store.head(key), code('OBJECT_KEY'), `head ${key}`)
      await assert.rejects(store.delete(key), code('OBJECT_KEY'), `delete ${key}`)
      await assert.rejects(
        store.withFile(key, async () => 1),
        code('OBJECT_KEY'),
        `withFile ${key}`,
      )
    }
    await assert.rejects(store.list('link/'), code('OBJECT_KEY'))
    assert.deepEqual(await store.list(''), { objects: [] })
    assert.deepEqual(await filesBelow(outside), ['secret'])
    assert.equal(await readFile(join(outside, 'secret'), 'utf8'), 'secret')
    assert.deepEqual(await filesBelow(join(folder, '.store')), [])
  })

  test('the store may itself be reached through a symbolic link', async () => {
    await fresh()
    await symlink(folder, join(base, 'entry'))
    const other = await openFolderObjects({ folder: join(base, 'entry') })
    await other.put('through', Buffer.from('x'))
    assert.equal((await store.head('through'))?.bytes, 1)
  })

  test('a file with another name is copied, so that nobody can write into the object', async () => {
    await fresh()
    const file = join(base, 'linked')
    await writeFile(file, 'content')
    await link(file, join(base, 'other-name'))
    await store.put('linked', { file, move: true })
    await writeFile(join(base, 'other-name'), 'changed')
    assert.equal(await text((await store.get('linked')).body), 'content')
    await assert.rejects(stat(file), { code: 'ENOENT' })
  })

  test('a moved file is renamed, not copied', async () => {
    await fresh()
    const file = join(base, 'moved')
    await writeFile(file, 'content')
    const { ino } = await stat(file)
    await store.put('moved', { file, move: true }, { ifAbsent: true })
    const object = await stat(join(folder, 'moved'))
    assert.equal(object.ino, ino)
    assert.equal(object.nlink, 1)
  })

  test('a file on another device is copied and then removed', async (context) => {
    await fresh()
    const shm = await mkdtemp('/dev/shm/objects-').catch(() => undefined)
    if (shm === undefined) return context.skip('no /dev/shm, hence no second device to try')
    try {
      if ((await stat(shm)).dev === (await stat(folder)).dev) return context.skip('/dev/shm is the same device')
      const file = join(shm, 'file')
      await writeFile(file, 'elsewhere')
      await store.put('elsewhere', { file, move: true })
      assert.equal(await text((await store.get('elsewhere')).body), 'elsewhere')
      await assert.rejects(stat(file), { code: 'ENOENT' })
    } finally {
      await rm(shm, { recursive: true })
    }
  })

  test('damaged metadata leaves the object readable; a file cut short is not taken for whole', async () => {
    await fresh()
    await store.put('object', Buffer.alloc(1_000_000), { metadata: { a: 'b' } })
    const [metadata = ''] = await filesBelow(join(folder, '.store'))
    await writeFile(join(folder, '.store', metadata), '{"key":')
    assert.deepEqual((await store.head('object'))?.metadata, {})
    const { body } = await store.get('object')
    await truncate(join(folder, 'object'), 600_000)
    await assert.rejects(buffer(body), code('OBJECT_CORRUPT', /600000 instead of 1000000/))
  })

  test('a copy that keeps times keeps metadata and ETag', async () => {
    await fresh()
    const info = await store.put('object', Buffer.from('x'), { metadata: { a: 'b' } })
    const copy = join(base, 'copy')
    await new Promise<void>((done, fail) => {
      execFile('cp', ['-a', folder, copy], (error) => (error === null ? done() : fail(error)))
    })
    assert.deepEqual(await (await openFolderObjects({ folder: copy })).head('object'), info)
  })

  test('a folder that goes away is an error, not a new empty store', async () => {
    await fresh()
    await store.put('x', Buffer.from('x'))
    await rename(folder, `${folder}-away`)
    await assert.rejects(store.put('y', Buffer.from('y')), code('STORE_UNAVAILABLE'))
    await assert.rejects(stat(folder), { code: 'ENOENT' })
  })
})
