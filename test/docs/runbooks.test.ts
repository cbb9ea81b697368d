import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type FlowNode, packageFolder } from '../helpers/node-red.ts'
import { type SafeNodeRed, startSafe } from '../helpers/safe-node-red.ts'
import { type Portal, PRESETS, type Rule, startPortal } from '../portal/server.ts'
import { blocksOf, documents } from './documents.ts'

const password = 'an operator of tests'
const example = (path: string): FlowNode[] => JSON.parse(readFileSync(join(packageFolder, 'examples', path), 'utf8'))

/** Blocks marked `sh run`: they only look, and must work as they stand. */
const blocks = documents.flatMap(blocksOf).filter(({ info }) => info === 'sh run')

describe('what the runbooks say to look at', { timeout: 180_000 }, () => {
  let portal: Portal
  let red: SafeNodeRed
  let broken: Rule | undefined
  before(async () => {
    portal = await startPortal({ datasets: PRESETS.small })
    broken = portal.misbehave({ kind: '500', match: 'siga' })
    const run = example('Runs/01 - A run over a list.json')
    const tab = run.find(({ type }) => type === 'tab')?.id
    const stores = run.find(({ type }) => type === 'ysh-stores')?.id
    const flows = [
      ...run.filter(({ type }) => type !== 'global-config'),
      ...example('Metrics/01 - Metrics for Prometheus.json')
        .filter(({ type }) => type === 'ysh-metrics')
        .map((node) => ({ ...node, z: tab, stores })),
    ].map((node) => ({
      ...node,
      ...(node.type === 'ysh-stores' ? { allowAddresses: ['127.0.0.1'] } : {}),
      ...(node.type === 'ysh-aneel-portal' ? { url: portal.url, tries: 1 } : {}),
      ...(node.type === 'ysh-each' ? { list: ['aneel.bandeira_acionamento', 'aneel.siga'] } : {}),
    }))
    red = await startSafe({ flows, env: { NODE_RED_ADMIN_PASSWORD: password } })
    const token = await red.login(password)
    const trigger = run.find(({ type }) => type === 'ysh-run')?.id
    const pressed = await fetch(`${red.url}/ysh/ysh-run/${trigger}/press`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    })
    assert.ok(pressed.ok, `${pressed.status}`)
    await red.line(/The run for manual .* failed/)
  })
  after(async () => {
    await red?.dispose()
    await portal?.close()
  })

  test('there are such blocks', () => assert.ok(blocks.length > 12))

  for (const { path, line, text } of blocks) {
    test(`${path}:${line}`, async () => {
      const { code, out } = await shell(text, red)
      assert.equal(code, 0, out)
      assert.ok(out.trim() !== '', 'it shows nothing')
      assert.doesNotMatch(out, /CLI_USAGE|not found|No such file/)
    })
  }

  test('what they show is what the runbooks say it looks like', async () => {
    const { out } = await shell('ysh-pipeline runs list --limit 5\nysh-pipeline dead-letters list', red)
    assert.match(out, /^ID +STATE +FLOW +SLOT/m)
    assert.match(out, /failed +5c2e9b7a1d4f0006 .*RUN_FAILED/)
    assert.match(out, /open +item +5c2e9b7a1d4f0006 +aneel\.siga +HTTP_500/)
  })

  test('mending as the runbook says mends', async () => {
    broken?.remove()
    const { out } = await shell("ysh-pipeline dead-letters redrive --code 'HTTP_5*'", red)
    assert.match(out, /Redriven: 1 \(runs: 1\)/)
    for (let tries = 0; ; tries += 1) {
      const { out: runs } = await shell('ysh-pipeline runs list --limit 1', red)
      if (/ done .*redrive 1 of /.test(runs)) break
      assert.ok(tries < 40, runs)
      await sleep(500)
    }
    assert.match((await shell('ysh-pipeline dead-letters list', red)).out, /No dead letters\./)
  })
})

/** Runs a block as an operator has it, with the two words of "Before you begin". */
function shell(text: string, red: SafeNodeRed): Promise<{ code: number; out: string }> {
  const words = [
    'set -e',
    `ysh-pipeline() { '${process.execPath}' '${join(packageFolder, 'dist', 'cli.js')}' "$@"; }`,
    `metrics() { curl -sS --max-time 20 ${red.url}/metrics; }`,
  ]
  const env = {
    ...{ PATH: process.env.PATH ?? '', NODE_RED_USER_DIR: red.userDir },
    ...{ YSH_NODE_RED: red.url, YSH_NODE_RED_USER: 'admin', YSH_NODE_RED_PASSWORD: password },
  }
  return new Promise((resolve) => {
    // bash knows functions whose names have a hyphen
    execFile(
      'bash',
      ['--norc', '--noprofile', '-c', [...words, text].join('\n')],
      { env, timeout: 60_000 },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, out: stdout + stderr })
      },
    )
  })
}
