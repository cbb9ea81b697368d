import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { hashOf, idOfKey } from '../../lib/api/access/key.ts'
import { findKey } from '../../lib/api/access/keys.ts'
import { main } from '../../lib/cli/main.ts'
import { runMigrations } from '../../lib/runs/migrations.ts'
import { migrate, openPostgres, type PostgresConfig } from '../../lib/stores/postgres/index.ts'
import { embeddedFolder } from '../helpers/embedded-folder.ts'
import { startPostgres } from '../helpers/postgres-server.ts'
import { seedFailedRun } from './seeds.ts'

/** Runs a command in this process. */
async function run(args: readonly string[], env: Record<string, string> = {}) {
  const out: string[] = []
  const err: string[] = []
  const code = await main(args, { env, out: (text) => out.push(text), err: (text) => err.push(text) })
  const parsed = (): Record<string, unknown> => JSON.parse(out.join('\n'))
  return { code, out: out.join('\n'), err: err.join('\n'), parsed }
}
const idsOf = (answer: Record<string, unknown>): string[] =>
  Array.isArray(answer.letters) ? answer.letters.map((letter) => String(Object(letter).id)) : []

describe('ysh-pipeline: what it takes', () => {
  it('helps when asked, and when nothing is asked', async () => {
    assert.deepEqual([(await run(['--help'])).code, (await run([])).code], [0, 2])
    assert.match((await run(['runs', '--help'])).out, /^ysh-pipeline runs/)
  })

  for (const [args, words] of [
    [['letters', 'list'], /no command letters/],
    [['dead-letters', 'drop'], /wants one of: list, show, redrive, discard/],
    [['runs', 'redrive', '--folder', 'x'], /runs has no redrive/],
    [['dead-letters', 'list'], /Say where/],
    [['dead-letters', 'list', '--folder', 'a', '--postgres', 'b'], /Only one/],
    [['dead-letters', 'list', '--fodler', 'x'], /fodler/],
    [['dead-letters', 'list', 'id', '--folder', 'x'], /takes no ids/],
    [['dead-letters', 'list', '--since', 'yesterday', '--folder', 'x'], /FILTER_INVALID.*since/],
    [['dead-letters', 'list', '--reason', 'x', '--folder', 'x'], /--reason does not go/],
    [['dead-letters', 'list', '--limit', 'few', '--folder', 'x'], /FILTER_INVALID.*limit/],
    [['dead-letters', 'redrive', '--folder', 'x'], /FILTER_INVALID.*all/],
    [['dead-letters', 'redrive', '--state', 'any', '--folder', 'x'], /--state does not go/],
    [['dead-letters', 'redrive', 'no-id', '--folder', 'x'], /FILTER_INVALID/],
    [['dead-letters', 'discard', '--all', '--folder', 'x'], /--reason/],
    [['dead-letters', 'show', '--folder', 'x'], /One id/],
    [['runs', 'list', '--item', 'x', '--folder', 'x'], /--item does not go/],
    [['runs', 'list', '--node-red', 'ftp://x'], /wants an address/],
  ] as const) {
    it(`refuses ${args.join(' ')}`, async () => {
      const { code, err } = await run(args)
      assert.match(err, words)
      assert.equal(code, 2)
    })
  }

  it('makes no database where there is none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pipeline-cli-'))
    const { code, err } = await run(['runs', 'list', '--folder', folder])
    assert.deepEqual([code, err.split(':')[0]], [1, 'NO_PIPELINE'])
    await rm(folder, { recursive: true })
  })

  it('writes no secret, whatever goes wrong', async () => {
    for (const [args, env] of [
      [['runs', 'list', '--postgres', 'postgres://u:top%20secret@127.0.0.1:1/x'], {}],
      [['runs', 'list', '--postgres=postgres://u:top secret@nowhere:x/y'], {}],
      [['runs', 'list', '--node-red', 'http://127.0.0.1:1', '--token', 'top secret'], {}],
      [['runs', 'list', 'top secret', '--token=top secret', '--node-red', 'http://127.0.0.1:1'], {}],
      [['runs', 'list'], { YSH_NODE_RED: 'http://u:top%20secret@127.0.0.1:1' }],
    ] as const) {
      const { code, out, err } = await run(args, env)
      assert.notEqual(code, 0)
      assert.notEqual(err, '')
      assert.doesNotMatch(out + err, /top( |%20)secret/)
    }
  })
})

for (const kind of ['server', 'embedded'] as const) {
  describe(`ysh-pipeline on ${kind}`, { timeout: 300_000 }, () => {
    let config: PostgresConfig
    let where: string[]
    let remove: () => Promise<void>
    let runId = ''
    before(async () => {
      if (kind === 'server') {
        const server = await startPostgres()
        config = { kind, url: server.url }
        where = ['--postgres', server.url]
        remove = server.stop
      } else {
        const made = await embeddedFolder()
        const folder = await mkdtemp(join(tmpdir(), 'pipeline-cli-'))
        await mkdir(folder, { recursive: true })
        await rename(made.path, join(folder, 'postgres'))
        config = { kind, folder: join(folder, 'postgres') }
        where = ['--folder', folder]
        remove = () => rm(folder, { recursive: true, force: true })
      }
    })
    after(() => remove())
    beforeEach(async () => {
      const store = await openPostgres(config)
      try {
        const { rows } = await store.query<{ there: boolean }>(
          `select to_regclass('pipeline.run') is not null as there`,
        )
        if (rows[0]?.there === true)
          await store.query('truncate pipeline.run, pipeline.step, pipeline.outbox, pipeline.dead_letter')
        runId = await seedFailedRun(store, 'flow', ['a', 'b\u001b[31m', 'c d'])
      } finally {
        await store.close()
      }
    })
    const cli = (...args: string[]) => run([...args, ...where])

    it('lists and shows', async () => {
      const table = await cli('dead-letters', 'list')
      assert.equal(table.code, 0)
      assert.match(table.out, /^ID +STATE +KIND/)
      assert.match(table.out, /open +item +flow +c d +HTTP_404 +3/)
      assert.ok(!table.out.includes('\u001b'), 'what comes from outside commands no terminal')
      const one = (
        await cli('dead-letters', 'list', '--item', 'c*', '--code', 'HTTP_4*', '--since', '1d', '--json')
      ).parsed()
      assert.equal(one.total, 1)
      const [id = ''] = idsOf(one)
      const shown = await cli('dead-letters', 'show', id)
      assert.match(shown.out, /error +HTTP_404: c d is gone/)
      assert.match(shown.out, /"payload": "c d"/)
      const gone = await cli('dead-letters', 'show', runId)
      assert.deepEqual([gone.code, gone.err.split(':')[0]], [1, 'LETTER_UNKNOWN'])
      assert.match((await cli('dead-letters', 'list', '--flow', 'other')).out, /No dead letters/)
    })

    it('redrives two of three once, without any Node-RED: the run waits', async () => {
      const ids = idsOf((await cli('dead-letters', 'list', '--json')).parsed()).slice(0, 2)
      const first = await cli('dead-letters', 'redrive', ...ids)
      assert.equal(first.code, 0)
      assert.match(first.out, /^Redriven: 2 \(runs: 1\)\n.*redrive 1 of s +\(2\)/)
      const second = await cli('dead-letters', 'redrive', ...ids)
      assert.equal(second.code, 3)
      assert.match(second.out, /^Redriven: 0.*\n(.*LETTER_SETTLED.*\n?){2}$/)
      const { runs } = (await cli('runs', 'list', '--state', 'queued', '--json')).parsed()
      assert.ok(Array.isArray(runs))
      assert.deepEqual(
        runs.map(({ slot, flow }) => [slot, flow]),
        [['redrive 1 of s', 'flow']],
      )
      const { out } = await cli('dead-letters', 'list', '--state', 'redriven', '--json')
      assert.match(out, /"settledBy": "cli /)
    })

    it('discards all with a reason', async () => {
      const { code, out } = await cli('dead-letters', 'discard', '--all', '--reason', 'not needed')
      assert.deepEqual([code, out], [0, 'Discarded: 3'])
      assert.match((await cli('dead-letters', 'list', '--state', 'discarded', '--json')).out, /"reason": "not needed"/)
    })

    it('shows runs with their steps', async () => {
      assert.match((await cli('runs', 'list')).out, /failed +flow +s +manual .*RUN_FAILED/)
      const { out, code } = await cli('runs', 'show', runId)
      assert.equal(code, 0)
      assert.match(out, /each +c%20d +item +failed +1 +HTTP_404/)
      assert.equal((await cli('runs', 'show', '00000000-0000-4000-8000-000000000000')).code, 1)
    })

    it('resumes, cancels and replays a run, and says what cannot be done', async () => {
      const { out } = await cli('runs', 'list')
      const id = /^(\S+) +failed/m.exec(out)?.[1] ?? ''
      const replayed = await cli('runs', 'replay', id, '--reason', 'look again', '--json')
      assert.equal(replayed.code, 0, replayed.err)
      assert.match(String(replayed.parsed().slot), /^replay 1 of /)
      const resumed = await cli('runs', 'resume', id)
      assert.match(resumed.out, new RegExp(`^Resumed: ${id}`), resumed.err)
      assert.match((await cli('runs', 'show', id)).out, /state +queued/)
      assert.match((await cli('runs', 'cancel', id, '--reason', 'no more')).out, /^Cancelled/)
      assert.match((await cli('runs', 'show', id)).out, /CANCELLED: Cancelled by cli .*: no more/)
      const again = await cli('runs', 'cancel', id)
      assert.deepEqual([again.code, again.err.split(':')[0]], [1, 'RUN_STATE'])
      assert.equal((await cli('runs', 'replay', id, '--from', 'nobody')).err.split(':')[0], 'STEP_UNKNOWN')
      assert.equal((await cli('runs', 'resume', id, '--from', 'x')).code, 2)
    })
  })
}

describe('ysh-pipeline api-keys', () => {
  it('makes a key that a gate takes, lists it without its secret, and revokes it', async () => {
    const server = await startPostgres()
    const store = await openPostgres({ kind: 'server', url: server.url })
    const at = ['--postgres', server.url]
    try {
      await migrate(store, runMigrations)
      const made = await run([
        'api-keys',
        'create',
        '--name',
        'robot',
        '--scopes',
        'datasets, runs',
        '--expires',
        '90d',
        '--json',
        ...at,
      ])
      assert.equal(made.code, 0, made.err)
      const { key, id, scopes, expiresAt } = made.parsed()
      assert.equal(idOfKey(String(key)), id)
      assert.deepEqual(scopes, ['datasets', 'runs'])
      assert.equal(Math.round((Date.parse(String(expiresAt)) - Date.now()) / 86_400_000), 90)
      const found = await findKey(store, String(id))
      assert.deepEqual([found?.valid, found?.hash.equals(hashOf(String(key)))], [true, true])
      const list = await run(['api-keys', 'list', ...at])
      assert.match(list.out, new RegExp(`${id} +robot +datasets,runs +good`))
      assert.equal(list.out.includes(String(key)), false)
      assert.equal((await run(['api-keys', 'revoke', String(id), ...at])).code, 0)
      assert.match((await run(['api-keys', 'list', ...at])).out, /revoked/)
      assert.equal((await findKey(store, String(id)))?.valid, false)
      assert.match(
        (await run(['api-keys', 'create', '--name', 'all', ...at])).out,
        /^ysh_\w+\n\nShown only now\. all: datasets, documents/,
      )
      const unknown = await run(['api-keys', 'revoke', 'nobody', ...at])
      assert.deepEqual([unknown.code, unknown.err.split(':')[0]], [1, 'API_KEY_UNKNOWN'])
      for (const args of [
        ['create'],
        ['create', '--name', 'x', '--scopes', 'root'],
        ['create', '--name', 'x', '--expires', 'soon'],
        ['create', '--name', 'x', '--expires', '2020-01-01'],
        ['list', '--name', 'x'],
        ['revoke'],
        ['redrive'],
      ]) {
        assert.equal((await run(['api-keys', ...args, ...at])).code, 2, args.join(' '))
      }
    } finally {
      await store.close()
      await server.stop()
    }
  })

  it('only prints a key that is to be given to a process', async () => {
    const { code, out } = await run(['api-keys', 'generate'])
    assert.deepEqual([code, idOfKey(out)?.length], [0, 12])
  })
})
