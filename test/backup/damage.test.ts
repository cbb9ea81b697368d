import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type BackupOptions, backup } from '../../lib/backup/backup.ts'
import { type Manifest, readManifest, writeManifest } from '../../lib/backup/manifest.ts'
import { newId, openRepository, type Repository } from '../../lib/backup/repository.ts'
import { type RestoreOptions, restore } from '../../lib/backup/restore.ts'
import { allMigrations } from '../../lib/cli/migrations.ts'
import { startAws } from '../helpers/fauxqs.ts'
import { packageFolder } from '../helpers/node-red.ts'
import { rejectsWith } from '../helpers/rejects.ts'
import { emptyStores, type Small, smallStores } from './small.ts'

const signal = new AbortController().signal
const passphrase = 'eight words that nobody else would ever think of'

/** Every file below a folder. */
async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return found.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name))
}

describe('backups that are damaged, or in the way', { timeout: 300_000 }, () => {
  let origin: Small
  let target: Small
  let base: string
  /** A whole backup, to be copied and damaged. */
  let whole: string
  let id: string
  before(async () => {
    origin = await smallStores()
    target = await emptyStores()
    base = await mkdtemp(join(tmpdir(), 'backup-damage-'))
    whole = join(base, 'whole')
    id = (await take(whole, { passphrase })).id
  })
  after(async () => {
    await origin?.close()
    await target?.close()
    await rm(base, { recursive: true, force: true })
  })

  async function inside<T>(folder: string, work: (repository: Repository) => Promise<T>): Promise<T> {
    const repository = await openRepository(folder)
    try {
      return await work(repository)
    } finally {
      await repository.close()
    }
  }
  const take = (folder: string, more: Partial<BackupOptions> = {}) => {
    const { postgres, objects, userFolder } = origin
    return inside(folder, (to) => backup(to, { ...{ postgres, objects, userFolder, signal }, ...more }))
  }
  const bring = (folder: string, more: Partial<RestoreOptions> = {}) => {
    const { postgres, objects, userFolder } = target
    return inside(folder, (from) =>
      restore(from, { ...{ postgres, objects, userFolder, signal, known: allMigrations }, ...more }),
    )
  }
  async function isUntouched(): Promise<void> {
    const { rows } = await target.postgres.query(`select from pg_namespace where nspname like 'pipeline%'`)
    assert.deepEqual(rows, [])
    assert.deepEqual(await filesIn(target.userFolder), [])
    assert.deepEqual((await target.objects.list('')).objects, [])
  }
  let copies = 0
  async function copyOf(): Promise<string> {
    copies += 1
    const folder = join(base, `copy-${copies}`)
    await cp(whole, folder, { recursive: true })
    return folder
  }

  const which: [string, (manifest: Manifest) => string | undefined][] = [
    ['rows', ({ rows }) => rows[0]?.file.key.split('/').at(-1)],
    ['the list of objects', () => 'objects.gz'],
    ['an object', () => '*'],
    ['a file of Node-RED', ({ user }) => user.find(({ path }) => path === 'flows.json')?.sha256],
    ['the manifest', () => 'manifest.json'],
  ]
  for (const [what, nameIn] of which) {
    for (const [how, damage] of [
      ['a flipped byte', flip],
      ['the end missing', async (file: string) => truncate(file, (await stat(file)).size - 1)],
      ['nothing left', (file: string) => rm(file)],
    ] as const) {
      if (what === 'the manifest' && how === 'nothing left') continue // then there is no backup: below
      it(`${what}, ${how}: refused before anything is touched`, async () => {
        const folder = await copyOf()
        const manifest = await inside(folder, (repository) => repository.manifest(id))
        const name = nameIn(manifest)
        const user = new Set(manifest.user.map(({ sha256 }) => sha256))
        const file = (await filesIn(folder)).find((each) => {
          const last = each.split('/').at(-1) ?? ''
          return name === '*' ? each.includes('/blobs/') && last.length === 64 && !user.has(last) : last === name
        })
        assert.ok(file !== undefined, (await filesIn(folder)).join('\n'))
        await damage(file)
        await rejectsWith(bring(folder), 'BACKUP_DAMAGED')
        await isUntouched()
      })
    }
  }

  it('without its manifest it is none', async () => {
    const folder = await copyOf()
    await rm((await filesIn(folder)).find((file) => file.endsWith('manifest.json')) ?? '')
    await rejectsWith(bring(folder), 'BACKUP_MISSING')
    await isUntouched()
  })

  for (const [what, change] of [
    ['format', (text: string) => text.replace('"format": 1', '"format": 2')],
    [
      'migration',
      (text: string) => {
        const manifest = readManifest(Buffer.from(text))
        return writeManifest({
          ...manifest,
          ...{
            package: '9.0.0',
            migrations: [...manifest.migrations, { component: 'runs', id: 99, name: 'of tomorrow' }],
          },
        }).toString()
      },
    ],
  ] as const) {
    it(`of a newer ${what}: refused`, async () => {
      const folder = await copyOf()
      const file = (await filesIn(folder)).find((each) => each.endsWith('manifest.json')) ?? ''
      await writeFile(file, change(await readFile(file, 'utf8')))
      await rejectsWith(bring(folder), 'BACKUP_NEWER')
      await isUntouched()
    })
  }

  it('secrets lie in it encrypted, and come back with the passphrase only', async () => {
    for (const file of await filesIn(whole)) {
      const text = (await readFile(file)).toString('latin1')
      assert.ok(!text.includes('canary'), `${file} holds a secret in clear`)
    }
    await rejectsWith(bring(whole, { passphrase: 'another one' }), 'BACKUP_PASSPHRASE')
    await isUntouched()
    const { userFiles } = await bring(whole, { passphrase })
    assert.deepEqual(userFiles.sort(), ['admin-login.json', 'credential-secret', 'flows.json', 'flows_cred.json'])
    const secret = join(target.userFolder, 'credential-secret')
    assert.equal(await readFile(secret, 'utf8'), 'canary-credential-secret')
    assert.equal((await stat(secret)).mode & 0o777, 0o600)
  })

  it('a target that is not empty is refused, and replaced when told', async () => {
    await writeFile(join(target.userFolder, 'flows.json'), '[{"id":"mine"}]')
    await rejectsWith(bring(whole), 'BACKUP_NOT_EMPTY')
    await rm(target.userFolder, { recursive: true })
    await rejectsWith(bring(whole), 'BACKUP_NOT_EMPTY')
    assert.ok(!existsSync(target.userFolder))
    await target.postgres.query(`insert into pipeline.process (owner, seen_at) values ('alive', clock_timestamp())`)
    await rejectsWith(bring(whole, { replace: true }), 'BACKUP_IN_USE')
    await target.postgres.query('delete from pipeline.process')
    assert.deepEqual((await bring(whole, { replace: true })).locked.sort(), ['admin-login.json', 'credential-secret'])
  })

  it('a restore that fails midway leaves the rows as they were', async () => {
    await target.postgres.query(`update pipeline.outbox set topic = 'mine'`)
    const stop = new AbortController()
    await assert.rejects(
      bring(whole, { replace: true, signal: stop.signal, progress: ({ phase }) => phase === 'rows' && stop.abort() }),
    )
    const { rows } = await target.postgres.query('select topic from pipeline.outbox')
    assert.deepEqual(rows, [{ topic: 'mine' }])
  })

  it('of two at once the second is refused', async () => {
    const folder = join(base, 'twice')
    const second = Promise.withResolvers<unknown>()
    const result = await take(folder, {
      progress: () => second.resolve(rejectsWith(take(folder), 'BACKUP_BUSY')),
    })
    await second.promise
    assert.deepEqual(await inside(folder, (repository) => repository.list()), [result.id])
  })

  it('one killed midway is no backup, and the next one works and clears it away', async () => {
    const folder = join(base, 'killed')
    await origin.postgres.query(
      'create table pipeline.many as select n, md5(n::text) as text from generate_series(1, 400000) n',
    )
    const where = ['--postgres', origin.url, '--objects', join(origin.folder, 'objects')]
    const child = spawn(process.execPath, [join(packageFolder, 'dist', 'cli.js'), 'backup', '--to', folder, ...where])
    const exited = once(child, 'exit')
    while (child.exitCode === null && !(await filesIn(folder)).some((file) => file.includes('/rows/'))) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    child.kill('SIGKILL')
    assert.deepEqual((await exited).slice(0, 2), [null, 'SIGKILL'])
    assert.ok((await filesIn(folder)).length > 0)
    assert.deepEqual(await inside(folder, (repository) => repository.list()), [])
    await rejectsWith(bring(folder), 'BACKUP_MISSING')
    const { id: next } = await take(folder)
    const left = (await filesIn(folder)).filter((file) => file.includes('/backups/') && !file.includes(next))
    assert.deepEqual(left, [])
    await origin.postgres.query('drop table pipeline.many')
  })

  it('where there is no room it says so, and leaves nothing that looks whole', async (t) => {
    const folder = join(base, 'full')
    await mkdir(folder)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'pipe' })
    } catch (error) {
      return t.skip(`no small disk can be made here: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
    }
    try {
      await origin.postgres.query(
        'create table pipeline.many as select n, md5(n::text) || md5((n + 1)::text) as text from generate_series(1, 60000) n',
      )
      const error = await rejectsWith(take(folder), 'BACKUP_FULL')
      assert.match(error.message, /no room left in .*full/)
      assert.deepEqual(await inside(folder, (repository) => repository.list()), [])
      await origin.postgres.query('drop table pipeline.many')
      assert.equal((await take(folder)).rows > 0, true)
    } finally {
      execFileSync('umount', [folder])
    }
  })

  it('what is unchanged is not copied again; the newest so many stay, with the objects that they name', async () => {
    const folder = join(base, 'kept')
    assert.equal((await take(folder)).copied, 5)
    const { key } = (await origin.objects.list('')).objects[0] ?? { key: '' }
    await origin.objects.delete(key)
    assert.deepEqual([(await take(folder)).copied, (await take(folder, { keep: { days: 1 } })).removed.length], [0, 0])
    const blobs = async () => (await filesIn(folder)).filter((file) => file.includes('/blobs/')).length
    const before = await blobs()
    const last = await take(folder, { keep: { last: 1 } })
    assert.equal(last.removed.length, 3)
    assert.equal(await blobs(), before - 1, 'the object that no backup names any more has gone')
    await inside(folder, async (repository) => assert.deepEqual(await repository.list(), [last.id]))
    const ahead = newId(new Date(Date.now() + 3_600_000), [last.id])
    for (const now of [new Date(), new Date(0)]) assert.ok(newId(now, [last.id, ahead]) > ahead, 'the clock went back')
    await bring(folder, { replace: true })
    assert.equal((await target.objects.list('')).objects.length, 5, 'four, and one that was there')
  })

  it('lies in a bucket as in a folder', async () => {
    const aws = await startAws()
    process.env.AWS_ACCESS_KEY_ID = 'test'
    process.env.AWS_SECRET_ACCESS_KEY = 'test'
    try {
      aws.createBucket('backups')
      const repository = await openRepository('s3://backups/of/mine', { endpoint: aws.endpoint, region: 'us-east-1' })
      const { postgres, objects, userFolder } = origin
      const first = await backup(repository, { ...{ postgres, objects, userFolder, signal } })
      const second = await backup(repository, { ...{ postgres, objects, userFolder, signal }, keep: { last: 1 } })
      assert.deepEqual([second.copied, second.removed], [0, [first.id]])
      const result = await restore(repository, {
        ...{ postgres: target.postgres, objects: target.objects, known: allMigrations, replace: true, signal },
      })
      assert.deepEqual([result.id, result.rows, result.objects], [second.id, second.rows, 4])
      await repository.close()
    } finally {
      delete process.env.AWS_ACCESS_KEY_ID
      delete process.env.AWS_SECRET_ACCESS_KEY
      await aws.stop()
    }
  })
})

async function flip(file: string): Promise<void> {
  const bytes = await readFile(file)
  const at = Math.floor(bytes.length / 2)
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  await writeFile(file, bytes)
}
