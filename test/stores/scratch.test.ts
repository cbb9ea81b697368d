import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ownerGone, ownerName } from '../../lib/stores/owner.ts'
import { openScratch } from '../../lib/stores/scratch.ts'
import { code } from '../helpers/pipeline-error.ts'

describe('scratch folders', { timeout: 30_000 }, () => {
  let parent: string
  before(async () => {
    parent = await mkdtemp(join(tmpdir(), 'scratch-'))
  })
  after(() => rm(parent, { recursive: true, force: true }))
  const scratch = join(import.meta.dirname, '../../lib/stores/scratch.ts')

  /** A process that opens a scratch folder, writes into it, tells its path and stays. */
  async function other() {
    const program = `const { openScratch } = await import(${JSON.stringify(scratch)})
      const { writeFileSync } = await import('node:fs')
      const { folder } = await openScratch(${JSON.stringify(parent)})
      writeFileSync(folder + '/download.part', 'x')
      console.log(folder)
      setInterval(() => {}, 60_000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(child.stdout, 'data')
    return { child, folder: String(line).trim() }
  }

  test('each opening has its own; close removes it with its files', async () => {
    const [one, two] = [await openScratch(parent), await openScratch(parent)]
    assert.notEqual(one.folder, two.folder)
    await writeFile(join(one.folder, 'file'), 'x')
    await one.close()
    await assert.rejects(stat(one.folder), { code: 'ENOENT' })
    await stat(two.folder)
    await two.close()
    assert.deepEqual(await readdir(parent), [])
  })

  test('what a killed process left is removed at the next opening, what a living one has is not', async () => {
    const { child, folder } = await other()
    await (await openScratch(parent)).close()
    await stat(join(folder, 'download.part'))
    assert.equal(ownerGone(basename(folder).split('.')[0] ?? ''), false)
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
    assert.equal(ownerGone(basename(folder).split('.')[0] ?? ''), true)
    await (await openScratch(parent)).close()
    assert.deepEqual(await readdir(parent), [])
  })

  test('of another machine it is removed when nothing in it has changed for a day; strangers stay', async () => {
    const elsewhere = '0123456789ab-1-1.00000000-0000-4000-8000-000000000000'
    await mkdir(join(parent, elsewhere, 'deep'), { recursive: true })
    await writeFile(join(parent, elsewhere, 'deep', 'file'), 'x')
    await mkdir(join(parent, 'my photographs'))
    const old = new Date(Date.now() - 25 * 60 * 60 * 1000)
    await utimes(join(parent, elsewhere), old, old)
    await utimes(join(parent, elsewhere, 'deep'), old, old)
    await utimes(join(parent, 'my photographs'), old, old)
    await (await openScratch(parent)).close()
    await stat(join(parent, elsewhere, 'deep', 'file'))
    await utimes(join(parent, elsewhere, 'deep', 'file'), old, old)
    await (await openScratch(parent)).close()
    assert.deepEqual(await readdir(parent), ['my photographs'])
  })

  test('a folder that cannot be made is named', async () => {
    await writeFile(join(parent, 'file'), 'x')
    await assert.rejects(openScratch(join(parent, 'file', 'scratch')), code('STORE_CONFIG', /scratch/))
  })

  test('owner names: ours lives, a reused process id does not, a stranger cannot be told', async () => {
    const [machine, pid, start] = ownerName().split('-')
    assert.equal(ownerGone(ownerName()), false)
    if (process.platform === 'linux') assert.equal(ownerGone(`${machine}-${pid}-${Number(start) + 1}`), true)
    const ended = spawn(process.execPath, ['-e', ''])
    await once(ended, 'exit')
    assert.equal(ownerGone(`${machine}-${ended.pid}-${start}`), true)
    assert.equal(ownerGone(`0123456789ab-${pid}-${start}`), undefined)
    assert.equal(ownerGone(''), undefined)
    assert.equal(ownerGone(dirname(parent)), undefined)
  })
})
