import { mkdir, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { makeKey } from '../lib/api/access/key.ts'
import { parser, Type } from '../lib/schema.ts'
import { type DailyWorld, startDailyWorld } from '../test/flows/daily-world.ts'
import { mergedFlows } from '../test/flows/merged.ts'
import { embeddedFolder } from '../test/helpers/embedded-folder.ts'
import { type NodeRed, startNodeRed } from '../test/helpers/node-red.ts'
import { startPostgres } from '../test/helpers/postgres-server.ts'
import { tinyPdf } from '../test/helpers/tiny-pdf.ts'

const hourlyList = ['aneel.bandeira_acionamento', 'aneel.bandeira_adicional']
const patienceMs = 120_000

const ProbeSchema = Type.Object({
  rss: Type.Number(),
  heapUsed: Type.Number(),
  external: Type.Number(),
  arrayBuffers: Type.Number(),
  handles: Type.Record(Type.String(), Type.Number()),
  objects: Type.Record(Type.String(), Type.Number()),
  listeners: Type.Number(),
})
const probes = parser(ProbeSchema, 'The probe')
/** What `probe.cjs` answers; sizes in bytes. */
export type Probe = ReturnType<typeof probes.parse>

/** A whole installation: the shipped flows in one Node-RED, and what they meet outside. */
export interface World {
  red: NodeRed
  /** The folder of the stores. */
  folder: string
  /** Its PostgreSQL server, where there is one. */
  postgresUrl: string | undefined
  /** New data at the portal. */
  publish(): Promise<void>
  /** Presses the button of a flow and waits until its run has ended. */
  run(flow: 'hourly' | 'daily'): Promise<void>
  /** Puts a PDF into the watched folder and waits until it is indexed. */
  event(name: string): Promise<void>
  /** Asks the API a path; resolves with the status. */
  ask(path: string, init?: RequestInit): Promise<number>
  /** The same, with the answer's headers and text. */
  answer(path: string, init?: RequestInit): Promise<{ status: number; headers: Headers; text: string }>
  /** What is in Node-RED's process; `count` also counts objects, which is slow. */
  probe(how?: 'count' | { snapshot: string }): Promise<Probe>
  close(): Promise<void>
}

/** Starts it, with `env` added to Node-RED's. The clock stands still: schedules are off but for a flow that runs each second, and the caller presses the buttons. */
export async function startWorld(
  store: 'embedded' | 'server',
  env: Readonly<Record<string, string>> = {},
): Promise<World> {
  const folder = await embeddedFolder()
  const outside: DailyWorld = await startDailyWorld()
  const server = store === 'server' ? await startPostgres() : undefined
  const { key } = makeKey()
  const socket = join(folder.path, 'probe')
  const flows = mergedFlows('flows/hourly.json', 'flows/daily.json', 'flows/event.json', 'flows/api.json').map(
    (plain) => {
      const node = outside.change(plain)
      if (node.type === 'ysh-run') return { ...node, schedule: '' }
      if (node.id === 'ysh-hourly-each') return { ...node, list: hourlyList }
      if (node.type === 'ysh-s3-event') return { ...node, settleSeconds: 0.1, pollSeconds: 0.2 }
      // told apart by their ids in the log
      return node.type === 'debug' ? { ...node, console: true, name: node.id } : node
    },
  )
  const tick = [
    { id: 'tick', type: 'tab', label: 'tick' },
    {
      ...{ id: 'tick-run', type: 'ysh-run', z: 'tick', stores: 'ysh-stores-default', x: 1, y: 1 },
      ...{ schedule: '* * * * * *', catchUp: 'last', overlap: 'skip', wires: [['tick-end']] },
    },
    { id: 'tick-end', type: 'ysh-run-end', z: 'tick', stores: 'ysh-stores-default', x: 2, y: 1, wires: [[], []] },
  ]
  const red = await startNodeRed({
    flows: [...flows, ...tick],
    credentials: { 'ysh-api-default': { firstKey: key } },
    // The editor's log in memory is none of what is measured.
    settings: { logging: { console: { level: 'info', metrics: false, audit: false } } },
    env: {
      ...outside.env,
      ...{ YSH_DATA_FOLDER: folder.path, YSH_INTERNAL_HOSTS: '127.0.0.1', YSH_INBOX: 'entrada' },
      ...{ YSH_API_PER_MINUTE: '1000000', YSH_API_BURST: '100000' },
      ...(server === undefined ? {} : { YSH_POSTGRES_URL: server.url }),
      ...env,
      ...{ ENDURE_PROBE: socket, NODE_OPTIONS: `--require ${fileURLToPath(new URL('./probe.cjs', import.meta.url))}` },
    },
  })
  await mkdir(join(red.userDir, 'entrada'), { recursive: true })
  let publication = 0
  const counted = new Map<string, number>()
  let readTo = 0
  const seen = (name: string): number => {
    const output = red.output()
    for (const [, found = ''] of output.slice(readTo).matchAll(/\[debug:([\w-]+)\]/g))
      counted.set(found, (counted.get(found) ?? 0) + 1)
    readTo = output.length
    return counted.get(name) ?? 0
  }
  const until = async (what: string, condition: () => boolean) => {
    const end = performance.now() + patienceMs
    while (!condition()) {
      if (performance.now() > end) throw new Error(`never: ${what}\n${red.output().slice(-6_000)}`)
      await sleep(20)
    }
  }
  const answer: World['answer'] = async (path, init = {}) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const got = await fetch(`${red.url}/api/v1${path}`, {
      ...{ headers, signal: AbortSignal.timeout(45_000) },
      ...init,
    })
    return { status: got.status, headers: got.headers, text: await got.text() }
  }
  return {
    red,
    answer,
    folder: folder.path,
    postgresUrl: server?.url,
    async publish() {
      publication += 1
      await outside.portal.publish(publication)
    },
    async run(flow) {
      const summary = flow === 'hourly' ? 'ysh-hourly-debug' : 'ysh-daily-debug'
      const before = seen(summary)
      const pressed = await fetch(`${red.url}/ysh/ysh-run/ysh-${flow}-run/press`, { method: 'POST' })
      if (!pressed.ok) throw new Error(`${flow}: ${pressed.status} ${await pressed.text()}`)
      await until(`the ${flow} run ends`, () => seen(summary) > before)
    },
    async event(name) {
      const before = seen('ysh-event-summary')
      const words = `A tarifa de energia para os consumidores da classe residencial é de 650 kWh. Por isso não deve ser paga.\n${name}`
      await writeFile(join(red.userDir, 'entrada', name), tinyPdf(words))
      await until(`${name} is indexed`, () => seen('ysh-event-summary') > before)
    },
    ask: async (path, init) => (await answer(path, init)).status,
    async probe(how) {
      const path =
        how === undefined ? '/' : how === 'count' ? '/count' : `/snapshot?${encodeURIComponent(how.snapshot)}`
      return probes.parse(JSON.parse(await get(socket, path)))
    },
    async close() {
      await red.dispose()
      await server?.stop()
      await outside.close()
      await folder.remove()
      await rm(socket, { force: true })
    },
  }
}

async function get(socketPath: string, path: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const asked = request({ socketPath, path, timeout: patienceMs }, (response) => {
    text(response).then((body) => (response.statusCode === 200 ? resolve(body) : reject(new Error(body))), reject)
  })
  asked.on('error', reject)
  asked.on('timeout', () => asked.destroy(new Error('The probe does not answer')))
  asked.end()
  return promise
}
