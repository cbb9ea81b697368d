import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type FlowNode, type NodeRed, packageFolder, startNodeRed } from '../helpers/node-red.ts'

const cliFile = join(packageFolder, 'dist', 'cli.js')

/** Runs the built command line as a process of its own. */
function cli(args: readonly string[], env: Record<string, string> = {}, file = cliFile) {
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: 60_000 }
    execFile(process.execPath, [file, ...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err })
    })
  })
}

const at = { z: 'tab', x: 100, y: 100, stores: 'stores' }
/** At the start an event of five items, of which those with two letters fail until the flow is repaired by `POST /repair`. */
const flows: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'test' },
  { id: 'stores', type: 'ysh-stores' },
  {
    id: 'inject',
    type: 'inject',
    ...at,
    once: true,
    onceDelay: '0.1',
    props: [
      { p: 'payload', v: '["a","bb","c","dd","ee"]', vt: 'json' },
      { p: 'slot', v: 'first', vt: 'str' },
    ],
    wires: [['run']],
  },
  { id: 'run', type: 'ysh-run', ...at, overlap: 'skip', wires: [['each']] },
  { id: 'each', type: 'ysh-each', ...at, window: '2', wires: [['work'], []] },
  {
    id: 'work',
    type: 'function',
    ...at,
    outputs: 1,
    libs: [],
    func: `node.warn('worked ' + msg.payload); if (!flow.get('repaired') && msg.payload.length > 1) { node.error(msg.payload + ' is broken', msg); return null } return msg`,
    wires: [['join']],
  },
  { id: 'catch', type: 'catch', ...at, scope: ['work'], wires: [['join']] },
  { id: 'join', type: 'ysh-join', ...at, wires: [['end']] },
  { id: 'end', type: 'ysh-run-end', ...at, wires: [['summary'], ['summary']] },
  {
    id: 'summary',
    type: 'function',
    ...at,
    outputs: 1,
    libs: [],
    func: `node.warn('ended ' + msg.payload.slot + ' ' + msg.payload.outcome)`,
    wires: [[]],
  },
  { id: 'in', type: 'http in', ...at, url: '/repair', method: 'post', wires: [['repair']] },
  {
    id: 'repair',
    type: 'change',
    ...at,
    rules: [{ t: 'set', p: 'repaired', pt: 'flow', to: 'true', tot: 'bool' }],
    wires: [['out']],
  },
  { id: 'out', type: 'http response', ...at, statusCode: '200', headers: {}, wires: [] },
]

describe('ysh-pipeline and a running Node-RED', { timeout: 240_000 }, () => {
  let red: NodeRed
  before(async () => {
    const bcrypt: { hashSync(password: string, rounds: number): string } = createRequire(import.meta.url)('bcryptjs')
    const users = [{ username: 'ana', password: bcrypt.hashSync('a secret', 4), permissions: '*' }]
    red = await startNodeRed({ flows, settings: { adminAuth: { type: 'credentials', users } } })
    await red.line(/ended first failed/)
  })
  after(async () => red?.dispose())
  const login = { YSH_NODE_RED_USER: 'ana', YSH_NODE_RED_PASSWORD: 'a secret' }
  const ask = (...args: string[]) => cli([...args, '--node-red', red.url], login)

  it('is refused without a login, and says how', async () => {
    const { code, err } = await cli(['dead-letters', 'list', '--node-red', red.url])
    assert.equal(code, 1)
    assert.match(err, /CLI_NODE_RED: Node-RED refuses \(401\)/)
    const wrong = await cli(['dead-letters', 'list', '--node-red', red.url], {
      ...login,
      YSH_NODE_RED_PASSWORD: 'other one',
    })
    assert.equal(wrong.code, 1)
    assert.doesNotMatch(wrong.err, /other one/)
  })

  it('says who has the embedded store open, and points to it', async () => {
    const { code, err } = await cli(['dead-letters', 'list', '--folder', join(red.userDir, 'ysh-data')])
    assert.equal(code, 1)
    assert.match(err, /STORE_LOCKED.*in use by process \d+.*--node-red/)
  })

  it('lists, redrives two of three, and refuses to do so again', async () => {
    const listed = await ask('dead-letters', 'list', '--json')
    assert.equal(listed.code, 0, listed.err)
    const { letters }: { letters: { id: string; key: string }[] } = JSON.parse(listed.out)
    assert.deepEqual(letters.map(({ key }) => key).sort(), ['bb', 'dd', 'ee'])
    assert.equal((await fetch(`${red.url}/repair`, { method: 'POST' })).status, 200)
    const chosen = letters.filter(({ key }) => key !== 'dd').map(({ id }) => id)
    const done = await ask('dead-letters', 'redrive', ...chosen)
    assert.equal(done.code, 0, done.err)
    await red.line(/ended redrive 1 of first done/)
    const worked = [...red.output().matchAll(/worked (\w+)/g)].map(([, key]) => key)
    assert.deepEqual(worked.slice(0, 5).sort(), ['a', 'bb', 'c', 'dd', 'ee'])
    assert.deepEqual(worked.slice(5).sort(), ['bb', 'ee'])
    const again = await ask('dead-letters', 'redrive', ...chosen)
    assert.equal(again.code, 3)
    assert.match(again.out, /LETTER_SETTLED/)
    const shown = await ask('dead-letters', 'show', chosen[0] ?? '')
    assert.match(shown.out, /state +redriven .* by ana\n/)
    assert.match(shown.out, /succeeded in /)
  })

  it('shows runs, discards, and tells errors apart', async () => {
    const { out } = await ask('runs', 'list')
    assert.match(out, /done +run +redrive 1 of first/)
    const id = /^(\S+) +failed +run +first/m.exec(out)?.[1] ?? ''
    assert.match((await ask('runs', 'show', id)).out, /each +dd +item +failed/)
    assert.match((await ask('dead-letters', 'discard', '--item', 'dd', '--reason', 'gone')).out, /^Discarded: 1/)
    assert.match((await ask('dead-letters', 'list')).out, /No dead letters/)
    const unknown = await ask('dead-letters', 'show', id)
    assert.deepEqual([unknown.code, unknown.err.split(':')[0]], [1, 'LETTER_UNKNOWN'])
    const stores = await ask('dead-letters', 'list', '--stores', 'nowhere')
    assert.match(stores.err, /^NOT_DEPLOYED/)
  })

  it('makes an API key, which is in no list, and revokes it', async () => {
    const made = await ask('api-keys', 'create', '--name', 'robot', '--scopes', 'runs', '--json')
    assert.equal(made.code, 0, made.err)
    const { key, id, createdBy, scopes }: Record<string, unknown> = JSON.parse(made.out)
    assert.deepEqual([createdBy, scopes], ['ana', ['runs']])
    const listed = await ask('api-keys', 'list')
    assert.match(listed.out, new RegExp(`${id} +robot +runs +good`))
    assert.equal((listed.out + red.output()).includes(String(key)), false)
    assert.match((await ask('api-keys', 'revoke', String(id))).out, /^Revoked: \w+ \(robot\)/)
    assert.match((await ask('api-keys', 'revoke', 'nobody')).err, /^API_KEY_UNKNOWN/)
  })

  it('works on the folder once Node-RED has ended', async () => {
    assert.equal((await red.stop()).code, 0)
    const { code, out, err } = await cli([
      'dead-letters',
      'list',
      '--state',
      'any',
      '--folder',
      join(red.userDir, 'ysh-data'),
    ])
    assert.equal(code, 0, err)
    assert.equal(out.trim().split('\n').length, 4)
  })
})

describe('ysh-pipeline in the packed package', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-packed-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('runs from the tarball, by the name that package.json gives it', async () => {
    const packed = spawnSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {
      cwd: packageFolder,
      encoding: 'utf8',
      timeout: 120_000,
    })
    assert.equal(packed.status, 0, packed.stderr)
    const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
    assert.equal(spawnSync('tar', ['-xzf', join(folder, tarball), '-C', folder]).status, 0)
    // As npm installs it: dependencies beside it, a link to the file that is made executable.
    symlinkSync(join(packageFolder, 'node_modules'), join(folder, 'node_modules'), 'dir')
    const { bin }: { bin: Record<string, string> } = createRequire(join(folder, 'package', 'x'))('./package.json')
    const file = join(folder, 'package', bin['ysh-pipeline'] ?? '')
    chmodSync(file, 0o755)
    symlinkSync(file, join(folder, 'ysh-pipeline'))
    const help = spawnSync(join(folder, 'ysh-pipeline'), ['--help'], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env.PATH}` },
    })
    assert.equal(help.status, 0, help.stderr)
    assert.match(help.stdout, /^ysh-pipeline dead-letters/)
    const { code, err } = await cli(['runs', 'list', '--folder', folder], {}, file)
    assert.equal(code, 1)
    assert.match(err, /^NO_PIPELINE/)
  })
})
