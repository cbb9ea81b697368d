import assert from 'node:assert/strict'
import { appendFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PipelineError } from '../../../lib/errors.ts'
import { watchFolder } from '../../../lib/steps/events/folder.ts'
import { memoryLog } from '../../runs/surroundings.ts'

describe('a watched folder', { timeout: 60_000 }, () => {
  let folder = ''
  let stop = new AbortController()
  let ended: Promise<void> = Promise.resolve()
  const taken: string[] = []
  const forgotten: string[] = []
  const reports: (PipelineError | undefined)[] = []
  let fail = ''
  const known = new Map<string, string>()

  const start = () => {
    stop = new AbortController()
    ended = watchFolder({
      ...{
        folder,
        prefix: '',
        suffix: '.pdf',
        pollMs: 20,
        settleMs: 100,
        known,
        log: memoryLog(),
        signal: stop.signal,
      },
      async take({ path }) {
        if (path === fail) throw new Error('not now')
        taken.push(path)
      },
      async forget(paths) {
        forgotten.push(...paths)
      },
      report: (error) => reports.push(error),
    })
  }
  const until = async (what: () => boolean) => {
    while (!what()) await sleep(10)
  }
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'watched-'))
    for (const list of [taken, forgotten, reports]) list.length = 0
    known.clear()
    fail = ''
  })
  afterEach(async () => {
    stop.abort()
    await ended
    await rm(folder, { recursive: true, force: true })
  })

  test('new files, also below and from before, each once; the rest is left out', async () => {
    await writeFile(join(folder, 'before.pdf'), 'x')
    await mkdir(join(folder, 'Below', 'deeper'), { recursive: true })
    await writeFile(join(folder, 'Below', 'deeper', 'B.PDF'), 'x')
    for (const name of ['a.txt', '.hidden.pdf', '~lock.pdf', 'a.pdf.part', 'empty.pdf']) {
      await writeFile(join(folder, name), name === 'empty.pdf' ? '' : 'x')
    }
    await symlink(join(folder, 'a.txt'), join(folder, 'link.pdf'))
    await symlink(folder, join(folder, 'circle'))
    start()
    await until(() => taken.length === 2)
    await rename(join(folder, 'a.pdf.part'), join(folder, 'a.pdf'))
    await until(() => taken.length === 3)
    await sleep(250)
    assert.deepEqual(taken.toSorted(), ['Below/deeper/B.PDF', 'a.pdf', 'before.pdf'])
  })

  test('a file that grows is taken when it has come to rest', async () => {
    start()
    const file = join(folder, 'slow.pdf')
    const began = performance.now()
    for (let part = 0; part < 8; part += 1) {
      await appendFile(file, 'x')
      await sleep(40)
      if (performance.now() - began < 300) assert.deepEqual(taken, [])
    }
    await until(() => taken.length === 1)
  })

  test('what is known is not taken again, unless it was written to; what is gone is forgotten', async () => {
    const file = join(folder, 'a.pdf')
    await writeFile(file, 'x')
    start()
    await until(() => known.size === 1)
    stop.abort()
    await ended
    start()
    await sleep(300)
    assert.deepEqual(taken, ['a.pdf'])
    await writeFile(file, 'yy')
    await until(() => taken.length === 2)
    await rm(file)
    await until(() => forgotten.length === 1)
    assert.equal(known.size, 0)
  })

  test('a file that cannot be dealt with keeps no other from it, and is tried again', async () => {
    fail = 'bad.pdf'
    await writeFile(join(folder, 'bad.pdf'), 'x')
    await writeFile(join(folder, 'good.pdf'), 'x')
    start()
    await until(() => taken.includes('good.pdf'))
    fail = ''
    await until(() => taken.includes('bad.pdf'))
  })

  test('a folder that cannot be read is said, and forgets nothing', async () => {
    await writeFile(join(folder, 'a.pdf'), 'x')
    start()
    await until(() => known.size === 1)
    await rename(folder, `${folder}-away`)
    await until(() => reports.at(-1)?.code === 'EVENT_FOLDER')
    assert.deepEqual(forgotten, [])
    await rename(`${folder}-away`, folder)
  })
})
