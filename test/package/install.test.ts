// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Node-RED's placeholders for the environment
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { embeddedFolder } from '../helpers/embedded-folder.ts'
import { type LocalRegistry, startRegistry } from '../helpers/local-registry.ts'
import { type FlowNode, type NodeRed, packageFolder, startNodeRed } from '../helpers/node-red.ts'
import { type Portal, startPortal } from '../portal/server.ts'
import { entries, packageJson } from './package-files.ts'
import { registrationsIn } from './registrations.ts'

interface NodeSet {
  module: string
  name: string
  types: string[]
  enabled: boolean
  err?: unknown
}

/** A run through a subflow's node, and one of each of the other nodes. */
function flows(portal: string): FlowNode[] {
  const at = { z: 'tab', x: 100, y: 100 }
  const stores = 'stores'
  const used = new Set(['ysh-stores', 'ysh-aneel-portal', 'ysh-run', 'ysh-run-end', 'ysh-fetch-with-fallback'])
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: stores, type: 'ysh-stores', folder: '${YSH_DATA_FOLDER}', keepDays: 90, allowAddresses: '127.0.0.1' },
    { id: 'portal', type: 'ysh-aneel-portal', url: portal, tries: 1, backoffMs: 5 },
    { id: 'run', type: 'ysh-run', ...at, stores, schedule: '', payload: '{}', wires: [['fetch']] },
    {
      ...{ id: 'fetch', type: 'ysh-fetch-with-fallback', ...at, DATASET: 'aneel.bandeira_acionamento' },
      ...{ STORES: stores, PORTAL: 'portal', BACKUP: 'portal', YSH_RETRY_SECONDS: '0.1', wires: [['end'], ['end']] },
    },
    { id: 'end', type: 'ysh-run-end', ...at, stores, wires: [['show'], ['show']] },
    { id: 'show', type: 'debug', ...at, name: 'ended', active: true, console: true, complete: 'payload', wires: [] },
    ...entries
      .filter(({ name }) => !used.has(name))
      .map(({ name, html }): FlowNode => {
        const [registration] = registrationsIn(html)
        assert.ok(registration !== undefined)
        const { literals, defaults } = registration
        const outputs = Array.from({ length: Number(literals.outputs ?? 0) }, () => [])
        // what every property of a subflow's node must have
        const blank = Object.fromEntries(defaults.filter((field) => /^[A-Z]/.test(field)).map((field) => [field, '']))
        return {
          id: `one-${name}`,
          type: name,
          ...blank,
          ...(literals.category === 'config' ? {} : { ...at, wires: outputs }),
        }
      }),
  ]
}

describe('the packed package', { timeout: 600_000 }, () => {
  let registry: LocalRegistry
  let portal: Portal
  const folder = mkdtempSync(join(tmpdir(), 'ysh-pack-'))
  let tarball: Blob
  before(async () => {
    const { status, stderr, stdout } = spawnSync(
      'npm',
      ['pack', '--ignore-scripts', '--json', '--pack-destination', folder],
      { cwd: packageFolder, encoding: 'utf8', timeout: 100_000 },
    )
    assert.equal(status, 0, stderr)
    const [{ filename }]: [{ filename: string }] = JSON.parse(stdout)
    tarball = new Blob([readFileSync(join(folder, filename))])
    registry = await startRegistry()
    portal = await startPortal({ datasets: { bandeira_acionamento: 60 } })
  })
  after(async () => {
    await registry?.close()
    await portal?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  for (const version of [5, 4] as const) {
    test(`installs into a running, clean Node-RED ${version} by its admin API, and works there`, async () => {
      const userDir = mkdtempSync(join(tmpdir(), 'ysh-clean-'))
      writeFileSync(join(userDir, 'package.json'), '{"name":"user","version":"0.0.1","private":true}')
      writeFileSync(join(userDir, 'npmrc'), '')
      const data = await embeddedFolder()
      let red: NodeRed | undefined
      try {
        red = await startNodeRed({
          version,
          userDir,
          flows: [{ id: 'tab', type: 'tab', label: 'test' }],
          env: {
            ...{ npm_config_registry: registry.url, npm_config_cache: join(folder, 'cache') },
            ...{ npm_config_userconfig: join(userDir, 'npmrc'), no_proxy: '127.0.0.1' },
            YSH_DATA_FOLDER: data.path,
          },
        })
        const { url } = red
        const form = new FormData()
        form.set('tarball', tarball, 'package.tgz')
        const answer = await fetch(`${url}/nodes`, { method: 'POST', body: form, signal: AbortSignal.timeout(240_000) })
        const text = await answer.text()
        assert.equal(answer.status, 200, `${text}\n${red.output()}`)

        const ask = async <T>(path: string): Promise<T> => {
          const response = await fetch(`${url}${path}`, { headers: { accept: 'application/json' } })
          return JSON.parse(await response.text())
        }
        const sets = (await ask<NodeSet[]>('/nodes')).filter(({ module }) => module === packageJson.name)
        assert.deepEqual(
          sets.map(({ name, types, enabled, err }) => [name, types, enabled, err]).sort(),
          entries.map(({ name }) => [name, [name], true, undefined]).sort(),
        )
        const plugins = await ask<{ module: string; id: string; err?: unknown }[]>('/plugins')
        assert.deepEqual(
          plugins
            .filter(({ module }) => module === packageJson.name)
            .map(({ id, err }) => [id, err])
            .sort(),
          Object.keys(packageJson['node-red'].plugins)
            .map((name) => [`${packageJson.name}/${name}`, undefined])
            .sort(),
        )

        await red.deploy(flows(portal.url))
        const pressed = await fetch(`${url}/ysh/ysh-run/run/press`, { method: 'POST' })
        assert.ok(pressed.ok, await pressed.text())
        await red.line(/\[debug:ended\][\s\S]*state: 'done'/)
        assert.doesNotMatch(red.output(), /missing types|Uncaught|unhandled|TypeError/i)
        // what is asked for in vain is what npm leaves out: optional packages, and those for other platforms
        assert.deepEqual(
          registry.missing.filter((name) => name in packageJson.dependencies),
          [],
        )
      } finally {
        await red?.dispose()
        await data.remove()
        await sleep(50)
        rmSync(userDir, { recursive: true, force: true, maxRetries: 5 })
      }
    })
  }
})
