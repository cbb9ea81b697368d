import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createEmbedded } from '../lib/stores/postgres/index.ts'
import { type LockedPackage, runtimePackages } from './image/packages.ts'
import { whyPruned } from './image/prune.ts'

/**
 * Lays out what the Docker image holds: `node build/image.ts OUT`, after `npm ci` and the build. `OUT/app` gets Node-RED, this package as it
 * is packed, and what both need at run time, in the versions of package-lock.json, without a second installation; `OUT/data` is the empty
 * volume. Files are linked where that is possible. Prints sizes.
 */
const here = fileURLToPath(new URL('../', import.meta.url))
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

/** Bytes that were placed, and by rule those that were left out. */
interface Tally {
  placed: number
  pruned: Map<string, number>
}

function place(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  try {
    linkSync(from, to)
  } catch {
    copyFileSync(from, to) // another file system
  }
}

/** Brings one package, without those that lie in it: they come on their own. */
function bring(folder: string, { path }: LockedPackage, app: string, tally: Tally): void {
  const from = join(folder, path)
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const source = join(entry.parentPath, entry.name)
    const file = source.slice(from.length + 1)
    if (file.startsWith('node_modules/')) continue
    const { size } = lstatSync(source)
    const rule = whyPruned(path, file)
    if (rule === undefined) {
      tally.placed += size
      place(source, join(app, path, file))
    } else {
      tally.pruned.set(rule, (tally.pruned.get(rule) ?? 0) + size)
    }
  }
}

/** This package, as npm packs it. */
function bringOurs(app: string): void {
  const aside = mkdtempSync(join(tmpdir(), 'ysh-image-'))
  try {
    run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', aside])
    const [tarball = ''] = readdirSync(aside)
    const target = join(app, 'node_modules', '@ysh', 'node-red-data-pipeline')
    mkdirSync(target, { recursive: true })
    run('tar', ['-xzf', join(aside, tarball), '-C', target, '--strip-components=1', '--no-same-owner'])
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

function run(command: string, words: string[]): void {
  const { status, stderr } = spawnSync(command, words, { cwd: here, encoding: 'utf8', timeout: 120_000 })
  if (status !== 0) throw new Error(`${command} ${words[0]}: ${stderr}`)
}

/** The embedded database as every first start begins with it: made here, since making one takes 570 MB of memory. */
async function makeTemplate(folder: string): Promise<void> {
  await createEmbedded(folder, '')
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644)
  }
  chmodSync(folder, 0o755)
}

async function main(): Promise<void> {
  const [out] = process.argv.slice(2)
  if (out === undefined) throw new Error('node build/image.ts OUT')
  if (!existsSync(join(here, 'dist', 'cli.js'))) throw new Error('dist/ is not built: npm run build')
  const app = resolve(out, 'app')
  const tally: Tally = { placed: 0, pruned: new Map() }
  const packages = runtimePackages(JSON.parse(readFileSync(join(here, 'package-lock.json'), 'utf8')), ['node-red'])
  const there = packages.filter(({ path }) => existsSync(join(here, path, 'package.json')))
  // what is not there is for another platform; anything else is a broken installation
  const lost = packages.filter((each) => !there.includes(each) && !each.optional)
  if (lost.length > 0) throw new Error(`Not installed: ${lost.map(({ path }) => path).join(', ')}`)
  for (const each of there) bring(here, each, app, tally)
  bringOurs(app)
  await makeTemplate(join(app, 'template'))
  mkdirSync(resolve(out, 'data'), { recursive: true })
  console.log(`${there.length} packages, ${megabytes(tally.placed)}; left out:`)
  for (const [rule, bytes] of [...tally.pruned].sort(([, a], [, b]) => b - a))
    console.log(`  ${megabytes(bytes)}  ${rule}`)
}

await main()
