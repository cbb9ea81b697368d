// What the vector index costs and finds: `npm run bench:index`. Options: --small (fewer points and documents, one round), --put, --reindex,
// --quality (only that part). PGVECTOR_URL and QDRANT_URL name real servers; without them PostgreSQL with pgvector comes from PyPI, and Qdrant's
// client talks to a server that keeps nothing.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPgvector } from '../test/helpers/pgvector-server.ts'
import { quality } from './index/quality.ts'
import { reindex } from './index/reindex.ts'
import { type PutFigures, putIntoPgvector, putIntoQdrant } from './index/vectors.ts'

const options = process.argv.slice(2)
const small = options.includes('--small')
const parts = ['--put', '--reindex', '--quality'].filter((part) => options.includes(part))
const wanted = (part: string) => parts.length === 0 || parts.includes(part)
let missed = false

/** An aim that was reached or missed, in words. */
function aim(what: string, reached: boolean): void {
  missed ||= !reached
  console.log(`  ${reached ? 'reached' : 'MISSED '}  ${what}`)
}

const server = await startPgvector()
if (typeof server === 'string') console.log(`SKIPPED: ${server}`)
try {
  if (wanted('--put')) await put()
  if (wanted('--reindex')) await again()
  if (wanted('--quality')) await quality()
} finally {
  if (typeof server !== 'string') await server.stop()
}
// machines are noisy, and an aim is no gate: only with --strict is it the exit code
process.exitCode = missed && options.includes('--strict') ? 1 : 0

async function put(): Promise<void> {
  const rounds = small ? 1 : 5
  const size = { dimensions: 512, rounds }
  const say = (where: string, { points, ours, bare, ratio }: PutFigures) => {
    console.log(`${where}: ${points} points, ${ours} a second; bare bulk upsert ${bare} a second`)
    aim(`${where}: ${ratio} of a bare bulk upsert (aim 0.8)`, ratio >= 0.8)
  }
  if (typeof server !== 'string') {
    const figures = await putIntoPgvector(
      { kind: 'server', url: await server.database() },
      { ...size, points: small ? 2_000 : 10_000 },
    )
    say('pgvector on a server', figures)
  }
  const folder = await mkdtemp(join(tmpdir(), 'bench-put-'))
  try {
    const figures = await putIntoPgvector({ kind: 'embedded', folder }, { ...size, points: small ? 500 : 2_000 })
    say('pgvector in the embedded PostgreSQL', figures)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  const url = process.env.QDRANT_URL
  const qdrant = await putIntoQdrant({ ...size, points: small ? 2_000 : 10_000 }, url)
  say(`Qdrant's client${url ? '' : ', to a server that keeps nothing'}`, qdrant)
  console.log(`  ${(1e6 * (1 / qdrant.ours - 1 / qdrant.bare)) | 0} µs a point more than bare`)
}

async function again(): Promise<void> {
  const documents = small ? 500 : 10_000
  const places = typeof server === 'string' ? [] : [['PostgreSQL on a server', await server.database()] as const]
  for (const [place, url] of [
    ...places,
    ...(small || places.length === 0 ? [['embedded PostgreSQL', undefined] as const] : []),
  ]) {
    for (const { what, seconds, manifest, rowsWritten } of await reindex(documents, url)) {
      const { indexed, unchanged, removed, chunks, embedded, reused, retired } = manifest
      const rows = rowsWritten === undefined ? '' : `, ${rowsWritten} rows written`
      console.log(
        `${place}, ${what}: ${seconds.toFixed(1)} s; ${indexed} documents indexed, ${unchanged} unchanged, ${removed} removed; ${chunks} chunks, ${embedded} embedded, ${reused} vectors taken over, ${retired} retired${rows}`,
      )
      if (what !== 'unchanged') continue
      aim(`${documents} unchanged documents in ${seconds.toFixed(1)} s (aim 5)`, seconds <= 5)
      aim(
        `${embedded} embeddings, ${rowsWritten ?? 'uncounted'} rows written (aim 0)`,
        embedded === 0 && (rowsWritten ?? 0) === 0,
      )
    }
  }
}
