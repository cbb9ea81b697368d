// npm run bench:backup -- [--small] [--only embedded|server] [--limit MB]
// What a backup and a restore of 330,000 tariffs, 1,000,000 rows of MMGD and 100 PDFs with their chunks cost: time, size, peak memory. As typed, in
// processes of their own that share the memory a machine with 1 GiB has left (docs/memory.md). The exit code is 1 when one of them ends otherwise.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { parser } from '../lib/schema.ts'
import { pdfExtract } from '../lib/steps/pdf/step.ts'
import { PdfConfigSchema } from '../lib/steps/pdf/step-schema.ts'
import { IndexInputSchema } from '../lib/steps/vector/index-schema.ts'
import { putArtifact } from '../lib/stores/objects/artifacts.ts'
import type { Stores } from '../lib/stores/stores.ts'
import { openFetching } from '../test/helpers/fetching.ts'
import { startPgvector } from '../test/helpers/pgvector-server.ts'
import { startPortal } from '../test/portal/server.ts'
import { contextOf, stepsOver } from '../test/steps/vector/surroundings.ts'
import { openBox } from './micro/box.ts'
import { document } from './micro/documents.ts'
import { type Phase, Watch } from './micro/watch.ts'

const { values } = parseArgs({
  options: {
    small: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    limit: { type: 'string', default: '824' },
  },
})
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const sizes = values.small ? { tarifas: 20_000, mmgd: 50_000 } : { tarifas: 330_000, mmgd: 1_000_000 }
const documents = values.small ? { number: 5, pages: 4 } : { number: 100, pages: 10 }
const limit = Number(values.limit) * 1_048_576
const base = await mkdtemp(join(tmpdir(), 'bench-backup-'))
const portal = await startPortal({ datasets: sizes })
await portal.publish(0)
try {
  for (const kind of ['server', 'embedded'] as const) {
    if (values.only !== '' && values.only !== kind) continue
    const folder = join(base, kind)
    const server = kind === 'server' ? await startPgvector() : undefined
    if (typeof server === 'string') {
      console.log(`SKIPPED: ${server}`)
      continue
    }
    const url = await server?.database()
    const filling = await openFetching({
      folder,
      postgres: url === undefined ? { folder: join(folder, 'postgres') } : { url },
    })
    const began = performance.now()
    for (const dataset of ['aneel.tarifas', 'aneel.mmgd']) {
      await filling.fetch(dataset, { portal: portal.url, idleTimeoutMs: 60_000 })
    }
    const chunks = await index(filling.stores)
    console.log(
      `${kind}: ${chunks} chunks of ${documents.number} PDFs; filled in ${seconds(performance.now() - began)}`,
    )
    await filling.close()
    const place = join(base, `${kind}-backups`)
    const from = url === undefined ? ['--folder', folder] : ['--postgres', url, '--objects', join(folder, 'objects')]
    for (const what of ['first backup', 'second backup']) {
      const { result, cost } = await run(['backup', '--to', place, ...from])
      const copied = `${result.copied} of ${result.objects} objects copied`
      say(kind, what, cost, `${result.rows} rows, ${megabytes(Number(result.rowBytes))} packed; ${copied}`)
    }
    console.log(
      `  ${megabytes(await sizeOf(place))} in the place of backups, ${megabytes(await sizeOf(join(folder, 'objects')))} of objects`,
    )
    const target = join(base, `${kind}-restored`)
    const into = await server?.database()
    const to = into === undefined ? ['--folder', target] : ['--postgres', into, '--objects', join(target, 'objects')]
    const { result, cost } = await run(['restore', '--from', place, ...to])
    say(kind, 'restore', cost, `${result.rows} rows`)
    await server?.stop()
  }
} finally {
  await portal.close()
  await rm(base, { recursive: true, force: true })
}

/** Puts documents into the store and the index, as the flows do. */
async function index(stores: Stores): Promise<number> {
  const config = parser(PdfConfigSchema, 'config').parse({ tries: 1 })
  const inputs = parser(IndexInputSchema, 'input')
  let chunks = 0
  for (let number = 0; number < documents.number; number += 1) {
    const { sha256 } = await putArtifact(stores.objects, await document(number, documents.pages))
    const extracted = await pdfExtract.run({ artifact: sha256, text: 'Norma' }, config, contextOf(stores))
    const done = await stepsOver(stores).index(inputs.parse(extracted), { collection: 'documentos' })
    chunks += done.chunks
  }
  return chunks
}

/** Runs the command line within the limit, and watches all of its processes. */
async function run(args: string[]): Promise<{ cost: Phase; result: Record<string, unknown> }> {
  const box = openBox(limit)
  const watch = new Watch(box, args[0] ?? '', (_, command) =>
    /embedded[/\\]child/.test(command) ? 'database' : 'command line',
  )
  const child = spawn(process.execPath, [cli, ...args, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
  box.take(child.pid ?? 0)
  let out = ''
  child.stdout.on('data', (text: Buffer) => {
    out += text.toString()
  })
  const [code] = await once(child, 'close')
  const [cost] = watch.close()
  await box.close()
  if (code !== 0 || cost === undefined) throw new Error(`${args[0]} ended with ${code}`)
  return { cost, result: JSON.parse(out) }
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0
  for (const each of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (each.isFile()) bytes += (await stat(join(each.parentPath, each.name))).size
  }
  return bytes
}

function say(kind: string, what: string, { ms, pss, processes, killed, each }: Phase, words: string): void {
  const parts = [...each].map(([name, most]) => `${name} ${megabytes(most)}`).join(', ')
  const end = killed > 0 ? `, ${killed} KILLED` : ''
  console.log(`${kind}, ${what}: ${seconds(ms)}, peak ${megabytes(processes ?? pss)} (${parts})${end}; ${words}`)
  if (killed > 0) process.exitCode = 1
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}
