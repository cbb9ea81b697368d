import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { SummarySchema } from '../../lib/runs/summary.ts'
import { type Infer, parser, Type } from '../../lib/schema.ts'
import { openStores } from '../../lib/stores/open.ts'
import { freePort } from '../../test/helpers/redis-server.ts'
import { openBox } from './box.ts'
import { benchFlow } from './flow.ts'
import { type BoxedNodeRed, startBoxed } from './node-red.ts'
import { chunks, compared, expected, held } from './rows.ts'
import { startServers } from './servers.ts'
import type { Size } from './size.ts'
import { type Phase, Watch } from './watch.ts'
import { startWorld } from './world.ts'

/** Longest for which a run may say nothing. */
const silenceMs = 900_000
const days = [1, 2]

/** What came of a cycle. */
export interface Result {
  profile: 'embedded' | 'full'
  limit: number
  how: string
  phases: Phase[]
  /** Lines about rows, chunks and hashes. */
  facts: string[]
  /** What broke the promise. */
  problems: string[]
}

const TapSchema = Type.Object({
  phase: Type.Optional(Type.String()),
  dataset: Type.Optional(Type.String()),
  summary: Type.Optional(SummarySchema),
})
const taps = parser(TapSchema, 'What the flow says')
type Tap = Infer<typeof TapSchema>
type Summary = Infer<typeof SummarySchema>

/** Runs the cycle in a box of its own. */
export async function cycle({
  profile,
  size,
  limit,
}: {
  profile: Result['profile']
  size: Size
  limit: number
}): Promise<Result> {
  console.log(`\n${profile}: making the portal's files and ${size.documents} documents…`)
  const problems: string[] = []
  const facts: string[] = []
  const folder = await mkdtemp(join(tmpdir(), 'ysh-micro-'))
  const world = await startWorld(size)
  const box = openBox(limit)
  const servers = profile === 'full' ? await startServers(box) : undefined
  const watch = new Watch(box, 'start', nameOf)
  const heard = await listen()
  const trigger = await freePort()
  let red: BoxedNodeRed | undefined
  const ends: string[] = []
  try {
    red = await startBoxed(box, {
      userDir: folder,
      port: await freePort(),
      flows: benchFlow({ port: heard.port, trigger, pages: world.pages, document: world.document }),
      env: {
        ...world.env,
        ...{ NODE_RED_USER_DIR: folder, PORT: String(await freePort()), NODE_RED_LANG: 'en-US', LOG_LEVEL: 'info' },
        NODE_RED_CREDENTIAL_SECRET: 'a secret of the bench',
        YSH_DATA_FOLDER: join(folder, 'data'),
        ...(servers === undefined ? {} : { YSH_POSTGRES_URL: servers.postgres, YSH_REDIS_URL: servers.redis }),
      },
      delays: (ms) => watch.delays(ms),
    })
    const node = red
    const dead = node.ended.then((how) => {
      throw new Error(`Node-RED ended (${how}):\n${node.output().slice(-4_000)}`)
    })
    dead.catch(() => undefined)
    watch.next('idle')
    await new Promise((done) => setTimeout(done, size.documents > 10 ? 15_000 : 3_000))
    for (const day of days) {
      if (day > 1) await world.publish(day)
      watch.next(`day ${day}: datasets`)
      const summary = Promise.race([dead, summaryOf(heard, day, watch)])
      await say(trigger, { slot: `day ${day}`, documents: world.documents(day) })
      judge(await summary, day, size, facts, problems)
    }
    watch.next('idle after')
    await new Promise((done) => setTimeout(done, size.documents > 10 ? 15_000 : 3_000))
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error))
  }
  if (red !== undefined) {
    watch.next('stop')
    ends.push(await red.stop())
  }
  const phases = watch.close()
  try {
    if (world.mails() < days.length) problems.push(`${world.mails()} summary e-mails arrived, not ${days.length}`)
    if (red !== undefined) await look(folder, servers?.postgres, size, facts, problems)
  } catch (error) {
    problems.push(`the stores cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (ends.some((how) => how !== 'exit code 0')) problems.push(`Node-RED ended with ${ends.join(', ')}`)
  await servers?.close()
  await box.close()
  await world.close()
  heard.close()
  await rm(folder, { recursive: true, force: true })
  const killed = phases.reduce((sum, phase) => sum + phase.killed, 0)
  if (killed > 0) problems.push(`${killed} processes were killed for want of memory`)
  const most = Math.max(...phases.map(({ pss }) => pss))
  if (!box.held && most > limit) problems.push(`the processes took ${Math.round(most / 1_048_576)} MB`)
  return { profile, limit, how: box.how, phases, facts, problems }
}

/** What the processes of the box are. */
function nameOf(_pid: number, command: string): string {
  if (/^node-red\b|node-red[/\\]red\.js/.test(command)) return 'Node-RED'
  if (/embedded[/\\]child/.test(command)) return 'PGlite'
  if (/^\S*postgres\b|^postgres:/.test(command)) return 'PostgreSQL'
  if (/redis-server/.test(command)) return 'Redis'
  return 'others'
}

interface Heard {
  port: number
  /** Who gets the next lines. */
  to: (tap: Tap) => void
  close(): void
}

async function listen(): Promise<Heard> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    createInterface({ input: socket }).on('line', (line) => heard.to(taps.parse(JSON.parse(line))))
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  const heard: Heard = {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    to: () => undefined,
    close: () => void server.close(),
  }
  return heard
}

/** The summary of a run; on its way the phases begin. Throws when the flow is silent for too long. */
function summaryOf(heard: Heard, day: number, watch: Watch): Promise<Summary> {
  const { promise, resolve, reject } = Promise.withResolvers<Summary>()
  const late = () => reject(new Error(`day ${day}: nothing was heard of the run for ${silenceMs / 1_000} s`))
  let timer = setTimeout(late, silenceMs)
  heard.to = ({ phase, dataset, summary }) => {
    clearTimeout(timer)
    if (summary !== undefined) return resolve(summary)
    timer = setTimeout(late, silenceMs)
    if (dataset !== undefined) console.log(`  day ${day}: ${dataset}`)
    if (phase === undefined) return
    console.log(`  day ${day}: ${phase} begins`)
    watch.next(`day ${day}: ${phase}`)
  }
  return promise
}

async function say(port: number, what: object): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.on('error', reject)
  socket.end(`${JSON.stringify(what)}\n`, resolve)
  await promise
}

/** Whether the run did all that was asked. */
function judge(summary: Summary, day: number, size: Size, facts: string[], problems: string[]): void {
  for (const { key, state, error } of summary.items) {
    if (state === 'failed') problems.push(`day ${day}: ${key} failed: ${error?.code ?? ''} ${error?.message ?? ''}`)
  }
  const documents = summary.items.filter(({ key }) => key.endsWith('.pdf')).length
  const wanted = size.documents + (day - 1) * size.newDocuments
  if (documents !== wanted) problems.push(`day ${day}: ${documents} documents, not ${wanted}`)
  facts.push(`day ${day}: ${summary.done} items done, ${summary.failed} failed`)
  for (const dataset of compared) {
    const item = summary.items.find((each) => each.dataset === `aneel.${dataset}`)
    facts.push(
      `  aneel.${dataset}: ${item?.rows} rows, ${item?.new} new, ${item?.changed} changed, ${item?.vanished} vanished`,
    )
  }
}

/** Compares what is in the stores with what must be there. */
async function look(
  folder: string,
  url: string | undefined,
  size: Size,
  facts: string[],
  problems: string[],
): Promise<void> {
  const stores = await openStores({
    folder: join(folder, 'data'),
    postgres: { ...(url === undefined ? {} : { url }), statementTimeoutMs: 300_000 },
  })
  try {
    for (const dataset of compared) {
      const [is, must] = [await held(stores.postgres, dataset), expected(dataset, size, days.length)]
      const right = is.rows === must.rows && is.hash === must.hash
      facts.push(`aneel.${dataset} holds ${is.rows} rows, hash ${is.hash}: ${right ? 'as generated' : 'WRONG'}`)
      if (!right) problems.push(`aneel.${dataset} must hold ${must.rows} rows with hash ${must.hash}`)
    }
    const indexed = await chunks(stores.postgres)
    facts.push(`the index holds ${indexed} chunks`)
    if (indexed < size.chunks) problems.push(`the index must hold at least ${size.chunks} chunks`)
  } finally {
    await stores.close()
  }
}
