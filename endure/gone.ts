import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startServer } from '../chaos/postgres.ts'
import { look as processOf } from './processes.ts'
import { startWorld } from './world.ts'

/** How PostgreSQL goes: its port refuses, or it takes connections and answers nothing. */
export type Absence = 'refused' | 'frozen'

/** What was seen while PostgreSQL was away, and after it. */
export interface GoneFindings {
  /** Answers of the API by status. */
  answers: Record<string, number>
  /** Those with 503 that did not say when to come again. */
  withoutRetryAfter: number
  /** The longest answer, in milliseconds. */
  longestMs: number
  /** Heap after collection and open descriptors: before, at the end of the absence, and after it. Heap in MB. */
  heap: readonly [before: number, away: number, after: number]
  descriptors: readonly [before: number, away: number, after: number]
  /** Seconds from PostgreSQL's return to the first answer with 200, and to the first slot worked through. */
  answeredAfter: number
  workedAfter: number
  /** Lines that Node-RED wrote meanwhile. */
  lines: number
  /** Runs by state, at the end. */
  runs: Record<string, number>
  /** Slots with more than one run. */
  doubled: number
}

/** The whole installation while its PostgreSQL is away for so many seconds; with a folder for heap snapshots before, at the end of it, and after it. */
export async function gone(
  how: Absence,
  seconds: number,
  say: (line: string) => void,
  snapshots?: string,
): Promise<GoneFindings> {
  const server = await startServer()
  const url = await server.database()
  const world = await startWorld('embedded', { YSH_POSTGRES_URL: url }).catch(async (error: unknown) => {
    await server.close()
    throw error
  })
  const look = async (name?: string) => {
    if (snapshots !== undefined && name !== undefined)
      await world.probe({ snapshot: `${snapshots}/${name}.heapsnapshot` })
    const { heapUsed } = await world.probe()
    const { descriptors } = await processOf(world.red.pid)
    return { heap: heapUsed / 1024 ** 2, descriptors }
  }
  try {
    await world.run('hourly')
    // This server has no pgvector, so that the first run's items fail; what is judged comes after it.
    const since = new Date()
    for (let request = 0; request < 50; request += 1) await world.ask('/datasets')
    const before = await look('before')
    const written = world.red.output().length
    let back = Number.POSITIVE_INFINITY
    const away = how === 'frozen' ? server.freeze(seconds * 1_000) : server.restart('crash', seconds * 1_000)
    away.then(
      () => {
        back = performance.now()
      },
      () => undefined,
    )
    const answers: Record<string, number> = {}
    let withoutRetryAfter = 0
    let longestMs = 0
    const end = performance.now() + seconds * 1_000
    const ask = async () => {
      const began = performance.now()
      const { status, headers } = await world.answer('/datasets')
      if (performance.now() > end - 500) return
      longestMs = Math.max(longestMs, performance.now() - began)
      answers[status] = (answers[status] ?? 0) + 1
      if (status === 503 && headers.get('retry-after') === null) withoutRetryAfter += 1
    }
    let told = performance.now()
    while (performance.now() < end - 1_000) {
      await Promise.all(Array.from({ length: 20 }, ask))
      await sleep(100)
      if (performance.now() - told < 60_000) continue
      told = performance.now()
      const { heap, descriptors } = await look()
      say(`  heap ${heap.toFixed(1)} MB, fd ${descriptors}, answers ${JSON.stringify(answers)}`)
    }
    const during = await look('away')
    await away
    // Node-RED stood still while its snapshot was written, perhaps past the server's return.
    if (snapshots !== undefined) back = performance.now()
    const lines = world.red.output().slice(written).split('\n').length
    while ((await world.ask('/datasets')) !== 200) {
      if (performance.now() - back > 120_000)
        throw new Error(`never answers again\n${world.red.output().slice(-4_000)}`)
    }
    const answeredAfter = (performance.now() - back) / 1_000
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      const done = async () =>
        (
          await client.query<{ count: number }>(
            `select count(*)::int as count from pipeline.run where state = 'done' and created_at > clock_timestamp() - $1 * interval '1 s'`,
            [(performance.now() - back) / 1_000],
          )
        ).rows[0]?.count ?? 0
      while ((await done()) === 0) if (performance.now() - back > 120_000) throw new Error('no slot is worked through')
      const workedAfter = (performance.now() - back) / 1_000
      await world.run('hourly')
      const settled = performance.now() + 30_000
      const counts = async () =>
        (
          await client.query<{ state: string; count: number }>(
            `select state, count(*)::int as count from pipeline.run
           where created_at between $1 and clock_timestamp() - interval '3 s' group by 1`,
            [since],
          )
        ).rows
      while ((await counts()).some(({ state }) => state !== 'done') && performance.now() < settled) await sleep(500)
      const { rows: doubled } = await client.query(
        'select flow, slot from pipeline.run group by 1, 2 having count(*) > 1',
      )
      const { rows: failed } = await client.query<{ flow: string; error: unknown }>(
        `select flow, error from pipeline.run where state = 'failed' and created_at > $1 limit 5`,
        [since],
      )
      for (const { flow, error } of failed) say(`  failed: ${flow}: ${JSON.stringify(error)}`)
      // Connections that were asked through meanwhile are kept for some seconds, at both ends.
      let after = await look('after')
      const quiet = performance.now() + 20_000
      while (after.descriptors > before.descriptors + 8 && performance.now() < quiet) {
        await sleep(1_000)
        after = await look()
      }
      return {
        ...{ answers, withoutRetryAfter, longestMs, answeredAfter, workedAfter, lines },
        heap: [before.heap, during.heap, after.heap],
        descriptors: [before.descriptors, during.descriptors, after.descriptors],
        runs: Object.fromEntries((await counts()).map(({ state, count }) => [state, count])),
        doubled: doubled.length,
      }
    } finally {
      await client.end()
    }
  } finally {
    await world.close()
    await server.close()
  }
}

/** What is wrong with the findings, in words; nothing when all is well. */
export function judgeGone(found: GoneFindings, how: Absence, seconds: number): string[] {
  const problems: string[] = []
  const want = (good: boolean, problem: string) => {
    if (!good) problems.push(problem)
  }
  const { answers, heap, descriptors, runs } = found
  const statuses = Object.keys(answers)
  want(statuses.length > 0, 'the API was not asked')
  want(
    statuses.every((status) => status === '503' || status === '504' || status === '200'),
    `answers were ${JSON.stringify(answers)}`,
  )
  const wanted = how === 'refused' ? '503' : '504'
  want((answers[wanted] ?? 0) > 0, `no answer was ${wanted}`)
  want(found.withoutRetryAfter === 0, `${found.withoutRetryAfter} answers without Retry-After`)
  want(found.longestMs < 35_000, `an answer took ${Math.round(found.longestMs)} ms`)
  want(heap[1] - heap[0] < 8, `the heap grew from ${heap[0].toFixed(1)} to ${heap[1].toFixed(1)} MB`)
  want(descriptors[2] <= descriptors[0] + 8, `descriptors grew from ${descriptors[0]} to ${descriptors[2]}`)
  want(found.answeredAfter < 10, `the API answered only after ${found.answeredAfter.toFixed(1)} s`)
  want(found.workedAfter < 20, `the schedule went on only after ${found.workedAfter.toFixed(1)} s`)
  want(
    Object.keys(runs).every((state) => state === 'done'),
    `runs are ${JSON.stringify(runs)}`,
  )
  want(found.lines < 200 + seconds, `${found.lines} lines in the log in ${seconds} s`)
  want(found.doubled === 0, `${found.doubled} slots had more than one run`)
  return problems
}
