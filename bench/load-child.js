// One load in a process of its own, as the benchmark times it: read, SHA-256, archive, parse, check, COPY, key, publish.
import { createHash } from 'node:crypto'
import { mkdir, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { contractFor } from '../dist/lib/steps/aneel/catalogue.js'
import { runLoad } from '../dist/lib/steps/dataset/load/load.js'
import { datasetMigrations } from '../dist/lib/steps/dataset/load/migrations.js'
import { currentVersion } from '../dist/lib/steps/dataset/load/registry.js'
import { openFolderObjects } from '../dist/lib/stores/objects/folder.js'
import { openPostgres } from '../dist/lib/stores/postgres/index.js'
import { migrate } from '../dist/lib/stores/postgres/migrate.js'

const [dataset = '', file = '', target = '', folder = ''] = process.argv.slice(2)
const contract = contractFor(dataset)
if (contract === undefined) throw new Error(`no contract ${dataset}`)

// the longest the main thread was away, which is what an editor would feel
let worstGap = 0
let last = performance.now()
const watch = setInterval(() => {
  const now = performance.now()
  worstGap = Math.max(worstGap, now - last - 5)
  last = now
}, 5)

await mkdir(join(folder, 'scratch'), { recursive: true })
const opened = performance.now()
const postgres = await openPostgres(
  target.startsWith('postgres') ? { kind: 'server', url: target } : { kind: 'embedded', folder: target },
)
await migrate(postgres, datasetMigrations)
const objects = await openFolderObjects({ folder: join(folder, 'objects') })
worstGap = 0
const started = performance.now()
/** SHA-256 with one buffer, as the download has: a stream's many would only measure the garbage collector. */
async function sha256Of(path) {
  const hash = createHash('sha256')
  const handle = await open(path)
  const buffer = Buffer.allocUnsafe(256 * 1024)
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, null)
    if (bytesRead === 0) break
    hash.update(buffer.subarray(0, bytesRead))
  }
  await handle.close()
  phases.read = performance.now() - started
  return hash.digest('hex')
}
const phases = {}
const { size: bytes } = await stat(file)
const base = await currentVersion(postgres, contract.dataset, '')
const result = await runLoad(
  {
    file,
    contract,
    part: '',
    run: null,
    keepPersonal: [],
    sha256: sha256Of(file),
    bytes,
    artifactKey: null,
    source: { tier: 'primary', url: file, resourceId: '', etag: '', lastModified: '', portalStamp: '' },
    base: base ?? null,
  },
  {
    // the load uses rows and objects only
    stores: {
      postgres,
      objects,
      scratch: join(folder, 'scratch'),
    },
    signal: new AbortController().signal,
    log: { debug() {}, info() {}, warn: console.error, error: console.error },
    progress({ phase }) {
      phases[phase] ??= performance.now() - started
    },
  },
)
const seconds = (performance.now() - started) / 1000
clearInterval(watch)
await postgres.close()
await objects.close()
process.stdout.write(
  `${JSON.stringify({ ...result, phases, seconds, openSeconds: (started - opened) / 1000, bytes, gapMs: Math.round(worstGap), rssMb: Math.round(process.resourceUsage().maxRSS / 1024) })}\n`,
)
