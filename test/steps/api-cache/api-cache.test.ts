import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createEngine, type RunEngine } from '../../../lib/runs/engine.ts'
import { parser, Type } from '../../../lib/schema.ts'
import { ApiSummarySchema, apiSummaryKey } from '../../../lib/steps/api-cache/keys.ts'
import { ApiCacheConfigSchema, apiCache } from '../../../lib/steps/api-cache/step.ts'
import { defineStep } from '../../../lib/steps/step.ts'
import { memoryLog, noHttp, openSurroundings, type Surroundings } from '../../runs/surroundings.ts'
import { publish } from '../dataset/query/published.ts'

const configs = parser(ApiCacheConfigSchema, 'config')
const signal = new AbortController().signal

describe('api-cache', { timeout: 60_000 }, () => {
  let surroundings: Surroundings
  let engine: RunEngine
  before(async () => {
    surroundings = await openSurroundings('embedded')
    engine = await createEngine({ stores: surroundings.stores, http: noHttp, log: memoryLog(), owner: 'a' })
    await publish(surroundings.stores.postgres, 1, 5)
  })
  after(async () => {
    await engine.close()
    await surroundings.close()
  })

  it('drops what is below the dataset, and nothing else, and writes what is held now', async () => {
    const { cache, postgres } = surroundings.stores
    for (const key of ['api:aneel.prova:rows?x=1', 'api:aneel.prova2:rows', 'other'])
      await cache.set(key, 1, { ttlMs: 60_000 })
    const work = () =>
      engine.execute({
        step: apiCache,
        config: configs.parse({ datasets: ['aneel.prova', 'aneel.nada'] }),
        node: 'n',
        input: {},
        signal,
      })
    const { output } = await work()
    assert.deepEqual(output, {
      datasets: [{ dataset: 'aneel.prova', version: 1, dropped: 1 }],
      dropped: 1,
      warmed: 0,
      missing: ['aneel.nada'],
      unreached: [],
    })
    assert.equal(await cache.get('api:aneel.prova2:rows'), 1)
    const summary = parser(ApiSummarySchema, 'summary').parse(await cache.get(apiSummaryKey('aneel.prova')))
    assert.deepEqual([summary.version, summary.rows, summary.tier, summary.columns.length], [1, 5, 'primary', 5])
    await publish(postgres, 2, 7)
    await work()
    assert.equal(Object(await cache.get(apiSummaryKey('aneel.prova'))).rows, 7)
  })

  it('takes what the run has published, where none is named', async () => {
    const fetched = defineStep({
      name: 'utility-scrape',
      version: 1,
      config: Type.Object({}),
      input: Type.Object({ outcome: Type.String() }),
      output: Type.Any(),
      run: async ({ outcome }) => ({
        ...{ recipe: 'r', page: 'p', url: 'https://x.example', outcome, reason: '', tier: 'primary', ageSeconds: 1 },
        datasets: [
          {
            dataset: 'aneel.prova',
            table: 't',
            part: '',
            version: 2,
            publishedAt: '',
            rows: 7,
            new: 7,
            changed: 0,
            vanished: 0,
            warnings: [],
          },
        ],
        ...{
          layout: { fingerprint: 'f', changes: [] },
          documents: [],
          charset: 'utf-8',
          artifact: null,
          seconds: 1,
          attribution: 'a',
        },
      }),
    })
    for (const [outcome, expected] of [
      ['published', 1],
      ['unchanged', 0],
    ] as const) {
      const ended = Promise.withResolvers<number>()
      const back = engine.register('f', {
        send: (run) => {
          engine
            .execute({ step: fetched, config: {}, node: 'scrape', input: { outcome }, run, signal })
            .then(() =>
              engine.execute({ step: apiCache, config: configs.parse({}), node: 'cache', input: {}, run, signal }),
            )
            .then(({ output }) =>
              engine.end(run, { outcome: 'done', summary: null }).then(() => output.datasets.length),
            )
            .then(ended.resolve, ended.reject)
        },
      })
      await engine.replay()
      await engine.start({ flow: 'f', slot: outcome, trigger: 'event', input: null, overlap: 'queue' })
      assert.equal(await ended.promise, expected, outcome)
      back()
    }
  })
})
