import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const module = fileURLToPath(new URL('../../lib/fail-point.ts', import.meta.url))

/** Passes `copy` five times and `download` once, in a process of its own. */
function pass(armed?: string): {
  signal: NodeJS.Signals | null
  status: number | null
  passed: string
  stderr: string
} {
  const script = `import { failPoint } from ${JSON.stringify(module)}
    import { writeSync } from 'node:fs'
    for (const name of ['copy', 'copy', 'download', 'copy', 'copy', 'copy']) { failPoint(name); writeSync(1, name[0]) }`
  const { YSH_FAIL_POINT: _, ...env } = process.env
  const { signal, status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    env: armed === undefined ? env : { ...env, YSH_FAIL_POINT: armed },
  })
  return { signal, status, passed: stdout, stderr }
}

describe('a fail point', () => {
  it('is nothing while the environment names none', () => {
    assert.deepEqual(pass(), { signal: null, status: 0, passed: 'ccdccc', stderr: '' })
    assert.equal(pass('').passed, 'ccdccc')
    assert.equal(pass('join-complete').passed, 'ccdccc')
  })

  it('kills the process at the passing that is named', () => {
    assert.deepEqual(pass('copy'), { signal: 'SIGKILL', status: null, passed: '', stderr: '' })
    assert.equal(pass('copy:3').passed, 'ccd')
    assert.equal(pass('download').passed, 'cc')
    assert.equal(pass('copy:6').signal, null)
  })

  it('refuses a name that there is not: it would never be reached', () => {
    for (const wrong of ['cpoy', 'copy:0', 'copy:x']) {
      const { status, stderr } = pass(wrong)
      assert.equal(status, 1, wrong)
      assert.match(stderr, /names no fail point/)
    }
  })
})
