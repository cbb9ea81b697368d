import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { tlsOf } from '../../settings/tls.ts'
import { code } from '../helpers/pipeline-error.ts'

const skip = spawnSync('openssl', ['version']).status !== 0 && 'no openssl'

test('certificate and key are taken again when they change, and only when they fit', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ysh-tls-'))
  const file = (name: string) => join(folder, name)
  const make = (name: string) => {
    const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name}`
    const to = ['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)]
    assert.equal(spawnSync('openssl', [...words.split(' '), ...to]).status, 0)
  }
  try {
    make('first')
    make('second-name')
    const use = (name: string, part: string) => copyFileSync(file(`${name}.${part}`), file(`used.${part}`))
    use('first', 'crt')
    use('first', 'key')
    const https = tlsOf(file('used.crt'), file('used.key'))
    assert.ok(https)
    assert.match(String(https()?.cert), /BEGIN CERTIFICATE/)
    assert.equal(https(), undefined)
    use('second-name', 'crt')
    assert.throws(https, code('SETTINGS_INVALID', /cannot be used/)) // the key has not come yet: Node-RED says it and keeps the old pair
    use('second-name', 'key')
    assert.ok(https()?.key)
    assert.equal(https(), undefined)
    assert.throws(() => tlsOf(file('none'), file('used.key')), code('SETTINGS_INVALID', /none/))
  } finally {
    rmSync(folder, { recursive: true })
  }
})
