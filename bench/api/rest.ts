import { type ChildProcess, fork } from 'node:child_process'
import { get } from 'node:http'
import { fileURLToPath } from 'node:url'
import { openFetching } from '../../test/helpers/fetching.ts'
import { startPostgres } from '../../test/helpers/postgres-server.ts'
import { startPortal } from '../../test/portal/server.ts'
import type { Load } from './rest-load.ts'
import type { Order, Statement } from './rest-server.ts'

/** How fast a server was, in one round. */
export interface Speed {
  perSecond: number
  /** Milliseconds. */
  p50: number
  p99: number
  wrong: number
}

/** What was measured. */
export interface RestFigures {
  /** Round by round. */
  speeds: Record<'ours' | 'same' | 'plain', Speed[]>
  download: { rows: number; bytes: number; seconds: number; before: number; most: number }[]
}

/** Sizes of the measurement. */
export interface RestPlan {
  rows: number
  downloadRows: number
  rounds: number
  seconds: number
  connections: number
}

const fields = 'dsc_sub_grupo,dsc_modalidade_tarifaria,dsc_classe,dat_inicio_vigencia,dat_fim_vigencia,vlr_tusd,vlr_te'

/** Ours beside node:http over pg: with our own statement, and with the plainest one for the same rows. */
export async function measureRest(plan: RestPlan): Promise<RestFigures> {
  const server = await startPostgres({ fsync: true })
  const portal = await startPortal({ datasets: { tarifas: plan.rows, mmgd: plan.downloadRows } })
  const fetching = await openFetching({ postgres: { url: server.url } })
  const children: ChildProcess[] = []
  try {
    for (const dataset of ['aneel.tarifas', 'aneel.mmgd']) await fetching.fetch(dataset, { portal: portal.url })
    await portal.close()
    const { rows: ranges } = await fetching.stores.postgres.query<{ cnpj: string; day: string }>(
      `select num_cnpj_distribuidora as cnpj, max(dat_inicio_vigencia) as day from aneel.tarifas group by 1 order by 1 limit 60`,
    )
    const asked = ranges.map(({ cnpj, day }) => ({ cnpj, from: `${Number(day.slice(0, 4)) - 1}${day.slice(4)}`, day }))
    const targets = asked.map(
      ({ cnpj, from, day }) =>
        `/datasets/aneel.tarifas?num_cnpj_distribuidora=${cnpj}&dat_inicio_vigencia.between=${from},${day}&fields=${fields}&limit=100`,
    )
    const folder = fetching.stores.scratch
    const ours = await start<{ port: number; key: string }>(children, { serve: 'ours', url: server.url, folder })
    const headers = { 'x-api-key': ours.said.key }
    const same: [string, Statement][] = []
    for (const target of targets) {
      await drain(ours.said.port, target, headers)
      await tell(ours.child, { note: true })
      await drain(ours.said.port, target, headers)
      const { statements } = await tell<{ statements: Statement[] }>(ours.child, { note: true })
      const [statement, ...more] = statements
      if (statement === undefined || more.length > 0) throw new Error(`${statements.length} statements for ${target}`)
      same.push([target, statement])
    }
    const plain: [string, Statement][] = asked.map(({ cnpj, from, day }, at) => [
      targets[at] ?? '',
      {
        text: `select ${fields} from aneel.tarifas where num_cnpj_distribuidora = $1 and dat_inicio_vigencia between $2 and $3 limit 100`,
        values: [cnpj, from, day],
      },
    ])
    const url = server.url
    const servers = {
      ours: ours.said.port,
      same: (await start<{ port: number }>(children, { serve: 'bare', url, statements: same })).said.port,
      plain: (await start<{ port: number }>(children, { serve: 'bare', url, statements: plain })).said.port,
    }
    const load = fork(fileURLToPath(new URL('rest-load.ts', import.meta.url)))
    children.push(load)
    const once = (port: number, seconds: number) =>
      tell<Speed>(load, { port, targets, headers, seconds, connections: plan.connections } satisfies Load)
    for (const port of Object.values(servers)) await once(port, 1)
    const speeds: RestFigures['speeds'] = { ours: [], same: [], plain: [] }
    for (let round = 0; round < plan.rounds; round += 1) {
      for (const name of ['ours', 'same', 'plain'] as const) speeds[name].push(await once(servers[name], plan.seconds))
    }
    return { speeds, download: await downloads(ours, headers) }
  } finally {
    for (const child of children) child.kill()
    await fetching.close()
    await portal.close().catch(() => undefined)
    await server.stop()
  }
}

async function downloads(
  { child, said }: { child: ChildProcess; said: { port: number } },
  headers: Record<string, string>,
): Promise<RestFigures['download']> {
  const results: RestFigures['download'] = []
  for (const format of ['ndjson', 'csv']) {
    await tell(child, { memory: true })
    const { now: before } = await tell<{ now: number }>(child, { memory: true })
    const began = performance.now()
    const { bytes, lines } = await drain(said.port, `/datasets/aneel.mmgd?format=${format}`, headers)
    const seconds = (performance.now() - began) / 1_000
    const { rss } = await tell<{ rss: number }>(child, { memory: true })
    results.push({ rows: lines - (format === 'csv' ? 1 : 0), bytes, seconds, before, most: rss })
  }
  return results
}

async function start<T>(children: ChildProcess[], order: Order): Promise<{ child: ChildProcess; said: T }> {
  const child = fork(fileURLToPath(new URL('rest-server.ts', import.meta.url)))
  children.push(child)
  return { child, said: await tell<T>(child, order) }
}

function tell<T>(child: ChildProcess, order: Order | Load): Promise<T> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Error('The process ended'))
    child.once('exit', gone)
    child.once('message', (said: T) => {
      child.off('exit', gone)
      resolve(said)
    })
    child.send(order)
  })
}

/** Reads an answer to its end. */
function drain(port: number, path: string, headers: Record<string, string>): Promise<{ bytes: number; lines: number }> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path, headers }, (response) => {
      let bytes = 0
      let lines = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1
      })
      response.once('error', reject)
      response.once('end', () => {
        if (response.statusCode === 200 && response.complete) resolve({ bytes, lines })
        else reject(new Error(`${response.statusCode} for ${path}`))
      })
    }).once('error', reject)
  })
}
