import type { EngineEvent, RunEngine } from '../../runs/engine.ts'
import { runPlace, spans } from '../spans.ts'

/** Beginnings remembered. */
const most = 10_000
const heard = new WeakSet<RunEngine>()

/** Tells the ends of an engine's runs as spans: each is the root of its trace. Asked again for the same engine it does nothing. */
export function traceEngine(engine: RunEngine, nameOf: (flow: string) => string): void {
  if (heard.has(engine)) return
  heard.add(engine)
  const begun = new Map<string, number>()
  engine.subscribe((event) => {
    if (event.kind !== 'run' || !spans.wants(runPlace(event.run.id))) return
    const { id } = event.run
    if (event.state === 'started') {
      begun.set(id, Date.now())
      const [oldest] = begun.keys()
      if (begun.size > most && oldest !== undefined) begun.delete(oldest)
    } else if (event.state === 'done' || event.state === 'failed' || event.state === 'cancelled') {
      const since = begun.get(id)
      begun.delete(id)
      void tell(engine, event, nameOf(event.run.flow), since)
    }
  })
}

async function tell(
  engine: RunEngine,
  event: Extract<EngineEvent, { kind: 'run' }>,
  flow: string,
  since: number | undefined,
): Promise<void> {
  const endMs = Date.now()
  const { id, slot, epoch } = event.run
  const startMs = since ?? (await startOf(engine, id)) ?? endMs
  spans.tell({
    ...runPlace(id),
    ...{ name: `run ${flow}`, kind: 'internal', parentSpanId: undefined, startMs, endMs: Math.max(startMs, endMs) },
    attributes: {
      'ysh.run.id': id,
      'ysh.flow.name': flow,
      'ysh.run.slot': slot,
      'ysh.run.epoch': epoch,
      'ysh.run.state': event.state,
    },
    error: 'error' in event ? event.error.code : undefined,
  })
}

/** When a run began that another process, or this one before its restart, has started; milliseconds. */
async function startOf(engine: RunEngine, id: string): Promise<number | undefined> {
  try {
    const { rows } = await engine.read((q) =>
      q.query('select extract(epoch from created_at)::float8 * 1000 as at from pipeline.run where id = $1', [id], {
        timeoutMs: 3_000,
      }),
    )
    const at: unknown = rows[0]?.at
    return typeof at === 'number' ? at : undefined
  } catch {
    return undefined // the span is told all the same
  }
}
