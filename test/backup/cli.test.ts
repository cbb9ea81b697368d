import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { main } from '../../lib/cli/main.ts'
import { type FlowNode, type NodeRed, packageFolder, startNodeRed } from '../helpers/node-red.ts'
import { startPostgres } from '../helpers/postgres-server.ts'

const cliFile = join(packageFolder, 'dist', 'cli.js')
interface Done {
  code: number
  out: string
  err: string
}

/** Runs the built command line as a process of its own. */
function cli(args: readonly string[], env: Record<string, string> = {}, cwd = tmpdir()): Promise<Done> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: 90_000, cwd }
    execFile(process.execPath, [cliFile, ...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err })
    })
  })
}

const at = { z: 'tab', x: 100, y: 100, stores: 'stores' }
/** A run with three items, of which one becomes a dead letter. */
const flows: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'test' },
  { id: 'stores', type: 'ysh-stores' },
  {
    ...{ id: 'inject', type: 'inject', ...at, once: true, onceDelay: '0.1' },
    props: [
      { p: 'payload', v: '["a","bb","c"]', vt: 'json' },
      { p: 'slot', v: 'first', vt: 'str' },
    ],
    wires: [['run']],
  },
  { id: 'run', type: 'ysh-run', ...at, overlap: 'skip', wires: [['each']] },
  { id: 'each', type: 'ysh-each', ...at, window: '2', wires: [['work'], []] },
  {
    ...{ id: 'work', type: 'function', ...at, outputs: 1, libs: [] },
    func: `if (msg.payload.length > 1) { node.error(msg.payload + ' is broken', msg); return null } return msg`,
    wires: [['join']],
  },
  { id: 'catch', type: 'catch', ...at, scope: ['work'], wires: [['join']] },
  { id: 'join', type: 'ysh-join', ...at, wires: [['end']] },
  { id: 'end', type: 'ysh-run-end', ...at, wires: [['summary'], ['summary']] },
  {
    ...{ id: 'summary', type: 'function', ...at, outputs: 1, libs: [] },
    func: `node.warn('ended ' + msg.payload.slot + ' ' + msg.payload.outcome)`,
    wires: [[]],
  },
]

describe('ysh-pipeline backup, restore and backups: what they take', () => {
  async function run(...args: string[]): Promise<Done> {
    const out: string[] = []
    const err: string[] = []
    const code = await main(args, { env: {}, out: (text) => out.push(text), err: (text) => err.push(text) })
    return { code, out: out.join('\n'), err: err.join('\n') }
  }

  for (const [args, words] of [
    [['backup'], /Say where the backup goes/],
    [['backup', '--to', 'x'], /Say which stores are meant/],
    [['backup', 'now', '--to', 'x'], /backup takes no now/],
    [['backup', '--to', 'x', '--folder', 'y', '--id', 'z'], /--id does not go with backup/],
    [['backup', '--to', 'x', '--postgres', 'postgres://h/d'], /--objects DIR/],
    [['backup', '--to', 'x', '--folder', 'y', '--postgres', 'z'], /Either --postgres or --folder/],
    [['backup', '--to', 'x', '--node-red', 'http://h', '--user-dir', 'y'], /--user-dir does not go with --node-red/],
    [['backup', '--to', 'x', '--folder', 'y', '--keep', '0'], /--keep wants a number from 1 on/],
    [['backup', '--to', 'x', '--fodler', 'y'], /fodler/],
    [['restore'], /Say where the backup is/],
    [['restore', '--from', 'x', '--keep', '3'], /--keep does not go with restore/],
    [['backups', '--from', 'x'], /backups wants one of: list, check/],
    [['backups', 'list'], /Say where the backups are/],
  ] as const) {
    it(`refuses ${args.join(' ')}`, async () => {
      const { code, err, out } = await run(...args)
      assert.match(err, words)
      assert.deepEqual([code, out], [2, ''])
    })
  }

  it('helps', async () => {
    for (const command of ['backup', 'restore', 'backups']) {
      const { code, out } = await run(command, '--help')
      assert.equal(code, 0)
      assert.match(out, /^ysh-pipeline backup --to PLACE \| restore/)
    }
  })

  it('makes nothing where a place, a backup or a store is not there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'backup-cli-'))
    try {
      const nowhere = join(folder, 'no')
      for (const [args, code] of [
        [['backup', '--to', join(folder, 'to'), '--folder', nowhere], 'NO_PIPELINE'],
        [['restore', '--from', nowhere, '--folder', join(folder, 'new')], 'BACKUP_MISSING'],
        [['backups', 'check', '--from', nowhere], 'BACKUP_MISSING'],
        [['backup', '--to', 'ftp://x/y', '--folder', nowhere], 'NO_PIPELINE'],
        [['backups', 'list', '--from', 'ftp://x/y'], 'BACKUP_PLACE'],
      ] as const) {
        const done = await run(...args)
        assert.deepEqual([done.code, done.err.split(':')[0]], [1, code], done.err)
      }
      assert.ok(!existsSync(join(folder, 'new', 'postgres')) && !existsSync(nowhere))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

describe('ysh-pipeline backup, restore and backups, as they are typed', { timeout: 400_000 }, () => {
  let red: NodeRed
  let base: string
  let place: string
  const login = { YSH_NODE_RED_USER: 'ana', YSH_NODE_RED_PASSWORD: 'a secret' }
  const undo: (() => unknown)[] = []
  before(async () => {
    base = await mkdtemp(join(tmpdir(), 'backup-cli-'))
    place = join(base, 'backups')
    const bcrypt: { hashSync(password: string, rounds: number): string } = createRequire(import.meta.url)('bcryptjs')
    const users = [
      { username: 'ana', password: bcrypt.hashSync('a secret', 4), permissions: '*' },
      { username: 'rui', password: bcrypt.hashSync('a secret', 4), permissions: ['read', 'flows.write'] },
    ]
    red = await startNodeRed({
      ...{ flows, settings: { adminAuth: { type: 'credentials', users } } },
      env: { YSH_BACKUP_PASSPHRASE: 'eight words that nobody else would ever think of' },
    })
    await writeFile(join(red.userDir, 'credential-secret'), 'the secret of the credentials\n', { mode: 0o600 })
    await red.line(/ended first failed/)
  })
  after(async () => {
    await red?.dispose()
    for (const each of undo.reverse()) await each()
    await rm(base, { recursive: true, force: true })
  })
  const folder = () => join(red.userDir, 'ysh-data')
  const letters = async (...where: string[]) => {
    const { code, out, err } = await cli(
      ['dead-letters', 'list', '--json', ...where],
      where[0] === '--node-red' ? login : {},
    )
    assert.equal(code, 0, err)
    return JSON.parse(out)
  }
  let expected: unknown
  let first = ''

  it('a running Node-RED backs itself up only for who may', async () => {
    for (const env of [{}, { ...login, YSH_NODE_RED_USER: 'rui' }]) {
      const { code, err } = await cli(['backup', '--to', place, '--node-red', red.url], env)
      assert.equal(code, 1)
      assert.match(err, /^CLI_NODE_RED: Node-RED refuses \((401\): give --token|403\): this login may not)/)
    }
    for (const path of ['ysh/backups/x', 'ysh/backups/x/stop']) {
      const { status } = await fetch(`${red.url}/${path}`, { method: path.endsWith('stop') ? 'POST' : 'GET' })
      assert.equal(status, 401)
    }
    assert.ok(!existsSync(place))
  })

  it('points to the running Node-RED when the folder is in use', async () => {
    const { code, err } = await cli(['backup', '--to', place, '--folder', folder()])
    assert.equal(code, 1)
    assert.match(err, /^STORE_LOCKED: .*in use by process \d+.*--node-red/)
  })

  it('a running Node-RED backs itself up', async () => {
    expected = await letters('--node-red', red.url)
    // A folder as seen from where it is typed.
    const { code, out, err } = await cli(['backup', '--to', 'backups', '--node-red', red.url], login, base)
    assert.equal(code, 0, err)
    assert.match(
      out,
      /^Backup [0-9a-z-]+ in .*backups, as of 20\d\d-.*\n {2}[\d,]+ rows of \d+ tables \([\d.]+ MB packed\)\n/,
    )
    assert.match(out, /files of Node-RED: flows\.json, .*credential-secret/)
    assert.doesNotMatch(out, /settings\.js/)
    first = /^Backup (\S+)/.exec(out)?.[1] ?? ''
  })

  it('lists and checks what there is', async () => {
    const listed = await cli(['backups', 'list', '--from', place])
    assert.match(listed.out, new RegExp(`^ID .*\\n${first} .*embedded`))
    const checked = await cli(['backups', 'check'], { YSH_BACKUP: place })
    assert.deepEqual([checked.code, checked.out], [0, `${first} is whole: every file has its hash.\n`])
    assert.match(checked.err, /^1 files checked …\n/)
    const json = await cli(['backups', 'check', '--from', place, '--json'])
    assert.deepEqual([JSON.parse(json.out), json.err], [{ id: first, whole: true }, ''])
  })

  it('a stopped one is backed up and restored by its folder', async () => {
    await red.stop()
    const made = await cli(['backup', '--to', place, '--folder', folder(), '--user-dir', red.userDir, '--keep', '1'])
    assert.equal(made.code, 0, made.err)
    assert.match(made.err, /^\d+ rows …\nremoving old backups …\n/)
    assert.match(made.out, new RegExp(`removed: ${first}`))
    const target = join(base, 'new')
    const userDir = join(base, 'new-user')
    const brought = await cli(['restore', '--from', place, '--folder', target, '--user-dir', userDir])
    assert.equal(brought.code, 0, brought.err)
    assert.match(brought.out, /^Restored .*\n {2}[\d,]+ rows of \d+ tables/)
    assert.deepEqual(await letters('--folder', target), expected)
    assert.deepEqual(JSON.parse(await readFile(join(userDir, 'flows.json'), 'utf8')), flows)
    assert.ok(!existsSync(join(userDir, 'settings.js')) && !existsSync(join(userDir, 'credential-secret')))
    const again = await cli(['restore', '--from', place, '--folder', target, '--json'])
    assert.deepEqual([again.code, again.out], [1, ''])
    assert.match(again.err, /^BACKUP_NOT_EMPTY: .*--replace/)
  })

  it('moves to a server and is saved from there', async () => {
    const server = await startPostgres()
    undo.push(() => server.stop())
    const objects = join(base, 'objects')
    const where = ['--postgres', server.url, '--objects', objects]
    const moved = await cli(['restore', '--from', place, ...where, '--json', '--quiet'])
    assert.deepEqual([moved.code, moved.err], [0, ''])
    assert.ok(JSON.parse(moved.out).rows > 10)
    assert.deepEqual(await letters('--postgres', server.url), expected)
    const made = await cli(['backup', '--to', place, ...where], {})
    assert.equal(made.code, 0, made.err)
    const replaced = await cli(['restore', '--from', place, ...where, '--replace', '--as-copy'])
    assert.equal(replaced.code, 0, replaced.err)
    assert.match(replaced.out, /unfinished runs were cancelled/)
    assert.doesNotMatch(made.out + moved.out + replaced.out + made.err, /a secret/)
  })
})
