import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiEvent, EventHub, Topic } from '../../../lib/api/events/hub.ts'
import { type HubOptions, PostgresEventHub } from '../../../lib/api/events/postgres-hub.ts'
import type { PostgresStore } from '../../../lib/stores/postgres/port.ts'
import { memoryLog } from '../../runs/surroundings.ts'

/** A hub that has looked once. */
export async function hubOver(
  postgres: PostgresStore,
  more: Partial<Omit<HubOptions, 'postgres'>> = {},
): Promise<PostgresEventHub> {
  const hub = new PostgresEventHub({ postgres, log: memoryLog(), ...more }).open()
  await hub.look()
  return hub
}

/** SQL that makes `count` events of a subject, in one transaction. */
export const made = (subject: string, count = 1, bytes = 0) =>
  `select pipeline.put_event('version', '${subject}', jsonb_build_object('n', n, 'pad', repeat('x', ${bytes})))
   from generate_series(1, ${count}) as n`

/** SQL that publishes a version. */
export function version(dataset: string, n: number): string {
  return `insert into pipeline.version (dataset, part, version, mode, table_schema, table_name, fingerprint, contract, columns, rows,
      new_rows, changed_rows, vanished_rows, quarantined, sha256, bytes, source, dialect, profile, warnings, seconds)
    values ('${dataset}', '', ${n}, 'full', 's', 't', 'f', '{}', '[]', 10, 1, 2, 3, 0, 'sha', 1, '{"tier":"primary"}', '{}', '{}', '[]', 1)`
}

/** What a subscriber hears, as it comes. */
export function hear(hub: EventHub, topics: readonly Topic[] | 'all', after?: number) {
  const stopping = new AbortController()
  const got: ApiEvent[] = []
  const over = (async () => {
    const options = after === undefined ? {} : { after }
    for await (const event of hub.subscribe(topics, { ...options, signal: stopping.signal })) got.push(event)
  })()
  over.catch(() => undefined)
  return {
    got,
    subjects: () => got.map(({ subject }) => subject),
    /** Resolves or rejects with the subscription. */
    over,
    stop() {
      stopping.abort()
      return over
    },
  }
}

/** Waits until something holds. */
export async function until(what: string, condition: () => boolean, ms = 15_000): Promise<void> {
  const deadline = Date.now() + ms
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`)
    await sleep(5)
  }
}
