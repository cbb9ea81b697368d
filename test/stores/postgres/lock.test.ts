import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ownerName } from '../../../lib/stores/owner.ts'
import { type Holder, takeLock } from '../../../lib/stores/postgres/embedded/lock.ts'
import { rejectsWith } from '../../helpers/rejects.ts'

describe('the lock file of the embedded store', { timeout: 30_000 }, () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pipeline-lock-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const holder = async (): Promise<Holder> => JSON.parse(await readFile(join(folder, 'lock.json'), 'utf8'))
  const elsewhere: Holder = { pid: 1, owner: 'aaaaaaaaaaaa-1-1', parent: 'aaaaaaaaaaaa-2-1', host: 'elsewhere' }
  const write = async (content: string, age: number) => {
    const file = join(folder, 'lock.json')
    await writeFile(file, content)
    const then = new Date(Date.now() - age)
    await utimes(file, then, then)
  }

  test('of another container is respected while it is fresh', async () => {
    await write(JSON.stringify(elsewhere), 5_000)
    const error = await rejectsWith(takeLock(folder, ownerName()), 'STORE_LOCKED')
    assert.equal(error.details?.host, 'elsewhere')
  })

  test('is taken over when it is old, cut short, or its process has gone', async () => {
    const dead = { ...elsewhere, owner: ownerName().replace(/-\d+-\d+$/, '-999999999-1') }
    for (const [content, age] of [
      [JSON.stringify(elsewhere), 60_000],
      ['{"pid":', 60_000],
      [JSON.stringify(dead), 0],
    ] as const) {
      await write(content, age)
      const lock = await takeLock(folder, ownerName())
      assert.equal((await holder()).pid, process.pid)
      await lock.release()
    }
  })

  test('goes to one of several that ask at once', async () => {
    await write(JSON.stringify(elsewhere), 60_000)
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(folder, ownerName())))
    const locks = results.filter((result) => result.status === 'fulfilled')
    assert.equal(locks.length, 1)
    await locks[0]?.value.release()
  })
})
