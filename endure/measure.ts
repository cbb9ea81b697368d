import pg from 'pg'
import { countFiles, embeddedChildren, look } from './processes.ts'
import type { Probe, World } from './world.ts'

/** One look at everything, at the end of a simulated day; sizes in MB. */
export interface Measure {
  day: number
  heap: number
  /** Buffers and WebAssembly outside the heap. */
  outside: number
  rss: number
  /** Resident memory of the child with the embedded PostgreSQL; 0 with a server. */
  child: number
  descriptors: number
  threads: number
  childDescriptors: number
  handles: Readonly<Record<string, number>>
  objects: Readonly<Record<string, number>>
  listeners: number
  /** Files in progress. */
  temporary: number
  /** Rows of the journal; only with a server, for nobody else sees into the embedded one. */
  rows: number | undefined
}

const megabytes = (bytes: number) => bytes / 1024 ** 2

/** Takes a {@link Measure}; `counting` counts objects too. */
export async function measure(world: World, day: number, counting: boolean): Promise<Measure> {
  const probe: Probe = await world.probe(counting ? 'count' : undefined)
  const own = await look(world.red.pid)
  const [child] = await embeddedChildren(world.red.pid)
  const seen = child === undefined ? undefined : await look(child)
  return {
    day,
    heap: megabytes(probe.heapUsed),
    outside: megabytes(probe.external + probe.arrayBuffers),
    rss: megabytes(own.ownBytes),
    child: megabytes(seen?.ownBytes ?? 0),
    descriptors: own.descriptors,
    threads: own.threads,
    childDescriptors: seen?.descriptors ?? 0,
    handles: probe.handles,
    objects: probe.objects,
    listeners: probe.listeners,
    temporary: await countFiles(world.folder, 'scratch'),
    rows: world.postgresUrl === undefined ? undefined : await journalRows(world.postgresUrl),
  }
}

async function journalRows(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ count: number }>(
      'select (select count(*) from pipeline.run)::int + (select count(*) from pipeline.step)::int as count',
    )
    return rows[0]?.count ?? 0
  } finally {
    await client.end()
  }
}

/**
 * Makes the journal a day older, and has it forget what is older than `keepDays` by the statements that the upkeep runs each hour: the
 * simulation's clock stands still.
 */
export async function age(url: string, prune: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(
      `update pipeline.run set finished_at = finished_at - interval '1 day' where finished_at is not null`,
    )
    await prune(client)
  } finally {
    await client.end()
  }
}
