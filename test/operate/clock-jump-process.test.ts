import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { embeddedFolder } from '../helpers/embedded-folder.ts'
import { startNodeRed } from '../helpers/node-red.ts'

const library = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find((path) => existsSync(path))
const missing = library === undefined ? 'libfaketime is not here (Debian: apt-get install faketime)' : false

describe('a clock that jumps under a real Node-RED', { skip: missing, timeout: 120_000 }, () => {
  test('6 h forwards and 6 h back: the schedule goes on within seconds, no slot twice, nothing is called dead', async (t) => {
    const aside = await mkdtemp(join(tmpdir(), 'clock-'))
    const data = join(aside, 'data')
    await mkdir(data)
    await rename((await embeddedFolder()).path, join(data, 'postgres'))
    const file = join(aside, 'offset')
    const set = async (offset: string) => {
      await writeFile(`${file}.new`, offset)
      await rename(`${file}.new`, file)
    }
    await set('+0')
    const red = await startNodeRed({
      flows: [
        { id: 'tab', type: 'tab', label: 'tick' },
        { id: 'stores', type: 'ysh-stores', folder: data },
        {
          ...{ id: 'run', type: 'ysh-run', z: 'tab', stores: 'stores', schedule: '* * * * * *' },
          ...{ catchUp: 'last', overlap: 'skip', x: 1, y: 1, wires: [['end']] },
        },
        { id: 'end', type: 'ysh-run-end', z: 'tab', stores: 'stores', x: 2, y: 1, wires: [['seen'], ['seen']] },
        {
          ...{ id: 'seen', type: 'debug', z: 'tab', active: true, console: true, tosidebar: false },
          ...{ complete: 'true', targetType: 'full', x: 3, y: 1, wires: [] },
        },
      ],
      env: {
        ...{ LD_PRELOAD: library ?? '', FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' },
        ...{ FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' },
      },
    })
    const slots = () => [...red.output().matchAll(/slot["']?: ["']([^"']+)["']/g)].map(([, slot = '']) => slot)
    /** Waits for three more slots that lie at least and at most so far from now. */
    const goesOn = async (what: string, fromMs: number, toMs: number) => {
      const before = slots().length
      const began = performance.now()
      const good = () =>
        slots()
          .slice(before)
          .filter((slot) => Date.parse(slot) - Date.now() > fromMs && Date.parse(slot) - Date.now() < toMs).length >= 3
      while (!good()) {
        assert.ok(performance.now() - began < 60_000, `${what}: ${slots().slice(-5)}\n${red.output().slice(-3_000)}`)
        await sleep(50)
      }
      t.diagnostic(`${what}: went on within ${Math.round(performance.now() - began)} ms`)
    }
    const hours = 3_600_000
    try {
      await goesOn('as it is', -hours, hours)
      await set('+6h')
      await goesOn('6 h forwards', 5 * hours, 7 * hours)
      await set('+0')
      await goesOn('6 h back', -hours, hours)
      const all = slots()
      assert.equal(new Set(all).size, all.length, 'a slot twice')
      assert.doesNotMatch(red.output(), /STALLED|POISONED|FENCED|has failed|STORE_UNAVAILABLE|uncaught/i)
    } finally {
      await red.dispose()
      await rm(aside, { recursive: true, force: true })
    }
  })
})
