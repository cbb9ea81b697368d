import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { provideFlows } from '../lib/flow-file.ts'

const base = mkdtempSync(join(tmpdir(), 'ysh-flow-file-'))
after(() => rmSync(base, { recursive: true, force: true }))

function world(name: string) {
  const user = join(base, name)
  mkdirSync(user)
  const shipped = join(base, `${name}.json`)
  const file = join(user, 'flows.json')
  return {
    ...{ user, file },
    ship: (text: string) => {
      writeFileSync(shipped, text)
      return provideFlows(shipped, user)
    },
    now: () => readFileSync(file, 'utf8'),
  }
}

test('flows that nobody changed follow the package', () => {
  const { ship, now, user } = world('unchanged')
  assert.equal(ship('one'), 'made')
  assert.equal(ship('one'), 'same')
  assert.equal(ship('two'), 'updated')
  assert.equal(now(), 'two')
  assert.equal(ship('three'), 'updated')
  assert.deepEqual(readdirSync(user).sort(), ['.ysh-flows', 'flows.json'])
})

test('flows that somebody changed, or that were there before, are never touched', () => {
  const { ship, now, file } = world('changed')
  ship('one')
  writeFileSync(file, 'mine')
  assert.equal(ship('one'), 'same')
  assert.equal(ship('two'), 'kept')
  assert.equal(now(), 'mine')
  const older = world('older')
  writeFileSync(older.file, 'of an older version')
  older.ship('two')
  assert.equal(older.now(), 'of an older version')
})
