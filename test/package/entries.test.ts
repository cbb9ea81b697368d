import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { packageFolder } from '../helpers/node-red.ts'
import { entries } from './package-files.ts'

/** Loads an entry in a process of its own and says what it exports. */
function load(how: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=commonjs', '-e', how], {
    encoding: 'utf8',
    cwd: packageFolder,
    timeout: 60_000,
  })
  assert.equal(status, 0, stderr)
  return stdout.trim()
}

describe('the entries', { timeout: 120_000 }, () => {
  const files = JSON.stringify(entries.map(({ file }) => file))

  test('load by require(), as Node-RED 4.1 does: no top-level await on the way', () => {
    assert.equal(
      load(`for (const file of ${files}) if (typeof require(file).default !== 'function') console.log(file)`),
      '',
    )
  })

  test('load by import(), as Node-RED 5 does', () => {
    const code = `(async () => { for (const file of ${files}) if (typeof (await import(file)).default !== 'function') console.log(file) })()`
    assert.equal(load(code), '')
  })
})
