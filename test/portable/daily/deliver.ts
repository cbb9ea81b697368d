import assert from 'node:assert/strict'
import pg from 'pg'
import { createHttpClient } from '../../../lib/net/client.ts'
import { openDelivery } from '../../../lib/portable/runtime/deliver.ts'
import { PlanSettings } from '../../../lib/portable/runtime/settings.ts'
import { openStores } from '../../../lib/stores/open.ts'
import { quiet } from '../engine.ts'
import { type Engine, type Place, planOf } from './engines.ts'

/** Delivers an engine's outbox until it is empty; alerts start runs on the same engine. Resolves with what those said. */
export async function deliverAll(place: Place, engine: Engine): Promise<string> {
  const plan = planOf(place)
  const settings = new PlanSettings(plan, place.env)
  const [pipeline] = plan.pipelines
  assert.ok(pipeline)
  const { stores: where, allow } = settings.stores(pipeline)
  const stores = await openStores(where)
  const http = createHttpClient({ product: 'test/1', allow })
  const ending = new AbortController()
  const started: Promise<string>[] = []
  try {
    const delivery = await openDelivery({
      ...{ plans: [{ plan, settings }], env: place.env, stores, http, log: quiet, signal: ending.signal },
      // Only started, as engines do: a delivery does not wait for a run.
      start: async (id, payload, slot) => void started.push(engine.run(id, slot, payload)),
    })
    for (let round = 1; await waiting(place.postgres); round++) {
      assert.ok(round <= 5, `The outbox does not become empty:\n${(await Promise.all(started)).join('\n')}`)
      await delivery.once()
      await Promise.all(started)
    }
  } finally {
    ending.abort()
    http.close()
    await stores.close()
  }
  return (await Promise.all(started)).join('\n')
}

async function waiting(postgres: string): Promise<boolean> {
  const client = new pg.Client(postgres)
  await client.connect()
  try {
    const { rowCount } = await client.query(
      'select from pipeline.outbox where delivered_at is null and failed_at is null',
    )
    return (rowCount ?? 0) > 0
  } finally {
    await client.end()
  }
}
