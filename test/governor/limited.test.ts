import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type Box, openBox } from '../../bench/micro/box.ts'

const limit = 420 * 1_048_576

/** Runs the documents in a group with so much memory. */
async function run(box: Box, how: 'on' | 'off'): Promise<{ end: string; output: string; killed: number }> {
  // waits until it is in the group: what it took before would not count
  const command = `read _; exec "$0" "$@"`
  const child = spawn(
    'sh',
    ['-c', command, process.execPath, '--max-semi-space-size=2', join(import.meta.dirname, 'many-documents.ts'), how],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  )
  box.take(child.pid ?? -1)
  child.stdin.end('\n')
  let output = ''
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString()
  })
  await once(child, 'exit')
  return { end: child.signalCode ?? `${child.exitCode}`, output, killed: box.usage()?.killed ?? 0 }
}

describe('eight documents at once in 420 MB', { timeout: 180_000 }, () => {
  for (const how of ['off', 'on'] as const) {
    test(how === 'on' ? 'with the governor all are read' : 'without the governor the process is killed', async (t) => {
      const box = openBox(limit)
      if (!box.held) return t.skip(`no memory group can be made here: ${box.how}`)
      try {
        const { end, output, killed } = await run(box, how)
        if (how === 'off') {
          assert.equal(end, 'SIGKILL')
          assert.ok(killed > 0)
          return
        }
        assert.equal(end, '0', output)
        const { read, waits }: { read: number[]; waits: number } = JSON.parse(output)
        assert.deepEqual(
          read,
          Array.from({ length: 8 }, () => 4),
        )
        assert.ok(waits > 0)
        assert.equal(killed, 0)
      } finally {
        await box.close()
      }
    })
  }
})
