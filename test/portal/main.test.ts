import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { ask } from './client.ts'

test('the command prints its address, serves, and leaves nothing behind', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'replica-main-'))
  const child = spawn(process.execPath, [`${import.meta.dirname}/main.ts`, '--port', '0', '--rows', 'small'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  })
  try {
    const lines = createInterface({ input: child.stdout })
    const [address]: string[] = await once(lines, 'line')
    assert.match(address ?? '', /^http:\/\/127\.0\.0\.1:\d+$/)
    const { status } = await ask(`${address}/api/3/action/package_show?id=bandeiras-tarifarias`)
    assert.equal(status, 200)
    assert.equal((await readdir(folder)).length, 1, 'its files are in one folder while it runs')
    child.kill('SIGTERM')
    const [code] = await once(child, 'exit')
    assert.equal(code, 0)
    assert.deepEqual(await readdir(folder), [])
  } finally {
    child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
})

test('a size that does not exist is refused', { timeout: 60_000 }, async () => {
  const child = spawn(process.execPath, [`${import.meta.dirname}/main.ts`, '--rows', 'huge'], { stdio: 'pipe' })
  const errors: string[] = []
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()))
  const [code] = await once(child, 'close')
  assert.equal(code, 1)
  assert.match(errors.join(''), /--rows is small, medium or large, not huge/)
})
