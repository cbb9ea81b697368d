import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { readMemory } from '../../lib/governor/memory.ts'
import { Processor, type Times } from '../../lib/governor/processor.ts'

const mb = 1_048_576
const folder = mkdtempSync(join(tmpdir(), 'governor-'))
after(() => rmSync(folder, { recursive: true }))
let machines = 0

/** A machine's files below a folder of the test's. */
function machine(files: Record<string, string>) {
  machines += 1
  const root = join(folder, String(machines))
  const all = { 'proc/meminfo': 'MemTotal:  1000000 kB\nMemAvailable:  800000 kB\n', ...files }
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return { proc: join(root, 'proc'), cgroup: join(root, 'cgroup') }
}

const stat = (prefix: string) => `${prefix}inactive_file ${60 * mb}\n${prefix}active_file ${20 * mb}\n`

describe('memory that is free', () => {
  test('of the machine', () => {
    assert.deepEqual(readMemory(machine({})), { limit: 1_024_000_000, free: 819_200_000 })
  })

  test('of a container with cgroup v2, whose path is the machine’s: the page cache is no use', () => {
    const roots = machine({
      'proc/self/cgroup': '0::/system.slice/docker-1.scope\n',
      'cgroup/memory.max': `${500 * mb}\n`,
      'cgroup/memory.current': `${300 * mb}\n`,
      'cgroup/memory.stat': stat(''),
    })
    assert.deepEqual(readMemory(roots), { limit: 500 * mb, free: 270 * mb })
  })

  test('of a group above, when it has less left; `max` is no limit', () => {
    const roots = machine({
      'proc/self/cgroup': '0::/a/b\n',
      ...{ 'cgroup/a/b/memory.max': 'max\n', 'cgroup/a/b/memory.current': '1\n' },
      ...{ 'cgroup/a/memory.max': `${100 * mb}`, 'cgroup/a/memory.current': `${150 * mb}`, 'cgroup/a/memory.stat': '' },
    })
    assert.deepEqual(readMemory(roots), { limit: 100 * mb, free: 0 })
  })

  test('of a group with cgroup v1', () => {
    const roots = machine({
      'proc/self/cgroup': '9:cpu:/x\n4:memory:/x\n0::/\n',
      'cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      'cgroup/memory/memory.usage_in_bytes': '1\n',
      'cgroup/memory/x/memory.limit_in_bytes': `${500 * mb}`,
      'cgroup/memory/x/memory.usage_in_bytes': `${200 * mb}`,
      'cgroup/memory/x/memory.stat': `inactive_file 5\n${stat('total_')}`,
      'cgroup/unified/cgroup.procs': '',
    })
    assert.deepEqual(readMemory(roots), { limit: 500 * mb, free: 370 * mb })
  })

  test('of this machine', () => {
    const { limit, free } = readMemory()
    assert.ok(limit > 100 * mb && free > 0 && free <= limit, `${limit} ${free}`)
  })
})

describe('a processor that is held back', () => {
  test('is told by what is stolen of the wanted time, with hysteresis; an idle machine tells nothing', () => {
    let at = 0
    let times: Times = { busy: 0, idle: 0, stolen: 0 }
    const processor = new Processor(
      () => times,
      () => at,
    )
    const after = (busy: number, idle: number, stolen: number) => {
      at += 5_000
      times = { busy: times.busy + busy, idle: times.idle + idle, stolen: times.stolen + stolen }
      return processor.held()
    }
    assert.equal(processor.held(), false)
    assert.equal(after(80, 20, 20), false)
    assert.equal(after(20, 40, 40), true)
    at += 100
    assert.equal(processor.held(), true)
    assert.equal(after(80, 20, 20), true)
    assert.equal(after(95, 0, 5), false)
    assert.equal(after(1, 95, 4), false)
  })
})
