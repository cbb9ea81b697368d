import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { idOfKey, makeKey } from '../../../lib/api/access/key.ts'
import { apiTables, findKey, listKeys } from '../../../lib/api/access/keys.ts'
import { openPostgres, type PostgresStore } from '../../../lib/stores/postgres/index.ts'
import { offerFirstKey } from '../../../nodes/ysh-api/first-key.ts'
import { code } from '../../helpers/pipeline-error.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'

describe('the first key', () => {
  let server: PostgresServer
  let postgres: PostgresStore
  let folder: string
  let logged: string[]
  let written: string
  before(async () => {
    server = await startPostgres()
    postgres = await openPostgres({ kind: 'server', url: server.url })
    folder = await mkdtemp(join(tmpdir(), 'ysh-key-'))
    await apiTables(postgres)
  })
  beforeEach(async () => {
    await postgres.query('delete from pipeline.api_key')
    logged = []
    written = ''
  })
  after(async () => {
    delete process.env.YSH_API_KEY_FILE
    await postgres?.close()
    await server?.stop()
    await rm(folder, { recursive: true, force: true })
  })
  const note = (message: string, fields?: Record<string, unknown>) =>
    void logged.push(`${message} ${JSON.stringify(fields)}`)
  const offer = (given = '', { hasTokens = false, isTTY = true } = {}) =>
    offerFirstKey(postgres, {
      ...{ given, hasTokens, log: { debug: note, info: note, warn: note, error: note } },
      terminal: {
        isTTY,
        write: (text) => {
          written += text
        },
      },
    })
  const keyIn = (text: string) => /ysh_\w+/.exec(text)?.[0] ?? ''

  it('is made and shown once on a terminal, and in no log', async () => {
    await offer()
    const id = idOfKey(keyIn(written)) ?? ''
    assert.equal((await findKey(postgres, id))?.valid, true)
    assert.match(logged.join(), new RegExp(id))
    assert.equal(keyIn(logged.join()), '')
    written = ''
    await offer()
    assert.equal(written, '')
    assert.equal((await listKeys(postgres)).length, 1)
  })

  it('is not made where nobody looks, nor where tokens are taken', async () => {
    await offer('', { isTTY: false })
    assert.match(logged.join(), /no API key yet.*api-keys create/)
    await offer('', { hasTokens: true })
    assert.deepEqual([await listKeys(postgres), written], [[], ''])
  })

  it('may be given, by the credential or by a file', async () => {
    const [one, two] = [makeKey(), makeKey()]
    await offer(` ${one.key}\n`)
    await offer(one.key)
    process.env.YSH_API_KEY_FILE = join(folder, 'key')
    await writeFile(join(folder, 'key'), `${two.key}\n`)
    await offer()
    assert.deepEqual((await listKeys(postgres)).map(({ id }) => id).sort(), [one.id, two.id].sort())
    assert.equal(keyIn(logged.join()) + written, '')
    await writeFile(join(folder, 'key'), 'secret')
    await assert.rejects(offer(), (error) => code('API_KEY_INVALID')(error) && !String(error).includes('secret'))
    process.env.YSH_API_KEY_FILE = join(folder, 'none')
    await assert.rejects(offer(), code('API_KEY_INVALID', /cannot be read/))
  })
})
