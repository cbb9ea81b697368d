import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { queryObjects, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { endAfter } from '../lib/stopped.ts'

describe('endAfter', () => {
  test('fires after its time, or with the first of its signals', async () => {
    const alone = endAfter(20)
    await sleep(60)
    assert.ok(alone.aborted && alone.reason instanceof DOMException && alone.reason.name === 'TimeoutError')
    const stop = new AbortController()
    const both = endAfter(60_000, stop.signal)
    assert.equal(both.aborted, false)
    stop.abort('told')
    assert.equal(both.reason, 'told')
  })

  test('nothing is kept of those that went into others', async () => {
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    const count = async () => {
      for (let pass = 0; pass < 4; pass += 1) {
        collect()
        await sleep(20)
      }
      return queryObjects(AbortSignal, { format: 'count' })
    }
    const [one, two] = [new AbortController(), new AbortController()]
    const before = await count()
    for (let time = 0; time < 500; time += 1) AbortSignal.any([endAfter(10, one.signal), two.signal])
    await sleep(100)
    assert.ok((await count()) < before + 50)
  })

  test('is what all code of ours waits by', () => {
    const root = fileURLToPath(new URL('..', import.meta.url))
    const found = ['lib', 'nodes', 'lambda']
      .flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
      )
      // a page's own code ends with the page; the comment names it
      .filter((path) => path.endsWith('.ts') && !/[/\\]editor[/\\]|stopped\.ts$/.test(path))
      .filter((path) => readFileSync(join(root, path), 'utf8').includes('AbortSignal.timeout'))
    assert.deepEqual(found, [])
  })
})
