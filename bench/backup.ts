// npm run bench:backup -- [--small] [--only embedded|server]
// What a backup and a restore of 330,000 tariffs and 1,000,000 rows of MMGD cost: time, size, peak memory of the command line and of the embedded
// database's process. As typed, in processes of their own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openFetching } from '../test/helpers/fetching.ts'
import { startPostgres } from '../test/helpers/postgres-server.ts'
import { startPortal } from '../test/portal/server.ts'

const { values } = parseArgs({
  options: { small: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
})
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const sizes = values.small ? { tarifas: 20_000, mmgd: 50_000 } : { tarifas: 330_000, mmgd: 1_000_000 }
const base = await mkdtemp(join(tmpdir(), 'bench-backup-'))
const portal = await startPortal({ datasets: sizes })
await portal.publish(0)
try {
  for (const kind of ['server', 'embedded'] as const) {
    if (values.only !== '' && values.only !== kind) continue
    const folder = join(base, kind)
    const server = kind === 'server' ? await startPostgres() : undefined
    const filling = await openFetching({
      folder,
      postgres: server === undefined ? { folder: join(folder, 'postgres') } : { url: server.url },
    })
    const began = performance.now()
    for (const dataset of ['aneel.tarifas', 'aneel.mmgd']) {
      await filling.fetch(dataset, { portal: portal.url, idleTimeoutMs: 60_000 })
    }
    console.log(`${kind}: filled in ${seconds(performance.now() - began)}`)
    await filling.close()
    const place = join(base, `${kind}-backups`)
    const from =
      server === undefined ? ['--folder', folder] : ['--postgres', server.url, '--objects', join(folder, 'objects')]
    for (const what of ['first backup', 'second backup']) {
      const { result, ...cost } = await run(['backup', '--to', place, ...from])
      const copied = `${result.copied} of ${result.objects} objects copied`
      say(kind, what, cost, `${result.rows} rows, ${megabytes(Number(result.rowBytes))} packed; ${copied}`)
    }
    console.log(
      `  ${megabytes(await sizeOf(place))} in the place of backups, ${megabytes(await sizeOf(join(folder, 'objects')))} of objects`,
    )
    const target = join(base, `${kind}-restored`)
    const into = server === undefined ? undefined : await startPostgres()
    const to =
      into === undefined ? ['--folder', target] : ['--postgres', into.url, '--objects', join(target, 'objects')]
    const { result, ...cost } = await run(['restore', '--from', place, ...to])
    say(kind, 'restore', cost, `${result.rows} rows`)
    await into?.stop()
    await server?.stop()
  }
} finally {
  await portal.close()
  await rm(base, { recursive: true, force: true })
}

interface Cost {
  ms: number
  peak: number
  database: number
}

/** Runs the command line; its peak of resident memory, and that of the embedded database that it starts. */
async function run(args: string[]): Promise<Cost & { result: Record<string, unknown> }> {
  const began = performance.now()
  const child = spawn(process.execPath, [cli, ...args, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', (text: Buffer) => {
    out += text.toString()
  })
  let [peak, database] = [0, 0]
  const look = setInterval(async () => {
    const pid = child.pid ?? 0
    peak = Math.max(peak, await highest(pid))
    for (const one of await childrenOf(pid)) database = Math.max(database, await highest(one))
  }, 50)
  const [code] = await once(child, 'close')
  clearInterval(look)
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}`)
  return { ms: performance.now() - began, peak, database, result: JSON.parse(out) }
}

async function highest(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return text.split(' ').filter(Boolean).map(Number)
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0
  for (const each of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (each.isFile()) bytes += (await stat(join(each.parentPath, each.name))).size
  }
  return bytes
}

function say(kind: string, what: string, { ms, peak, database }: Cost, words: string): void {
  const other = database > 0 ? `, database ${megabytes(database)}` : ''
  console.log(`${kind}, ${what}: ${seconds(ms)}, peak ${megabytes(peak)}${other}; ${words}`)
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}
