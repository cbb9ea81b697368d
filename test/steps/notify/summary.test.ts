import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { PipelineError } from '../../../lib/errors.ts'
import { createEngine, type RunEngine } from '../../../lib/runs/engine.ts'
import type { RunRef } from '../../../lib/runs/run.ts'
import { Type } from '../../../lib/schema.ts'
import type { SummaryFacts } from '../../../lib/steps/notify/summary/collect.ts'
import { summaryOfRun } from '../../../lib/steps/notify/summary/collect.ts'
import { writeSummary } from '../../../lib/steps/notify/summary/write.ts'
import { defineStep } from '../../../lib/steps/step.ts'
import type { Queryable, Row } from '../../../lib/stores/postgres/port.ts'
import { rejectsWith } from '../../helpers/rejects.ts'
import { memoryLog, noHttp, openSurroundings, type Surroundings } from '../../runs/surroundings.ts'
import { everything } from './everything.ts'

describe('a summary', () => {
  it('says everything, in Portuguese, with Portuguese figures, and names the source', () => {
    const { subject, text, html } = writeSummary(everything, 'pt-BR')
    assert.equal(subject, 'Concluída com erros: resumo da execução, 14/07/2026')
    for (const words of [
      'Próxima execução: 15/07/2026, 02:00 (Brasília)',
      'Duração: 13 min',
      '4.656.839 linhas',
      '12.034 novas',
      'fonte reserva · de 2 h atrás · por NET_TIMEOUT',
      'última cópia boa · de 3 dias atrás',
      'aneel.subsidios [GATE_ROWS]',
      'O que fazer: veja o arquivo na fonte.',
      '12 extraídos · 1 em parte · 88 já conhecidos',
      'licença ODbL',
    ]) {
      assert.ok(text.includes(words), `${words}\n\n${text}`)
    }
    assert.match(html, /<html lang="pt-BR">/)
  })

  it('says the same in English', () => {
    const { subject, text } = writeSummary(everything, 'en-US')
    assert.match(subject, /^Done with errors: run summary, 7\/14\/26$/)
    assert.ok(text.includes('4,656,839 rows'))
    assert.ok(text.includes('licença ODbL'), 'the attribution stays in its own words')
  })

  it('escapes what comes from outside, and loads nothing', () => {
    const { html } = writeSummary(everything, 'pt-BR')
    assert.ok(html.includes('&lt;b&gt;&quot;bold&quot;&lt;/b&gt;'))
    assert.doesNotMatch(html, /<b>|<img|<script|url\(|https?:\/\//)
  })
})

describe('the summary of a run', { timeout: 60_000 }, () => {
  let surroundings: Surroundings
  let engine: RunEngine
  before(async () => {
    surroundings = await openSurroundings('embedded')
    engine = await createEngine({ stores: surroundings.stores, http: noHttp, log: memoryLog(), owner: 'a' })
  })
  after(async () => {
    await engine.close()
    await surroundings.close()
  })

  const step = (name: string, output: object) =>
    defineStep({
      ...{ name, version: 1, config: Type.Object({}), input: Type.Object({}), output: Type.Any() },
      async run() {
        if (name === 'broken') throw new PipelineError('GATE_ROWS', 'too few rows')
        return output
      },
    })

  it('is made of the journal: manifests, errors, figures of other steps, and the next run', async () => {
    const { postgres } = surroundings.stores
    const fetched = {
      ...{ dataset: 'aneel.tarifas', outcome: 'published', tier: 'backup', ageSeconds: 60, table: 'aneel.tarifas' },
      why: [{ tier: 'primary', source: 'x', code: 'HTTP_503', message: 'm' }],
      ...{ rows: 9, new: 3, changed: 2, vanished: 1, quarantined: 0, seconds: 1, warnings: [], parts: [] },
      attribution: 'Fonte: ANEEL',
    }
    const signal = new AbortController().signal
    const facts = Promise.withResolvers<SummaryFacts>()
    engine.register('f', {
      send(run: RunRef) {
        const work = (name: string, item: string, output: object) =>
          engine.execute({ step: step(name, output), config: {}, node: name, input: {}, run: { ...run, item }, signal })
        Promise.resolve()
          .then(() => work('aneel-fetch', '', fetched))
          .then(() => work('enrich', '', { translated: 7, note: 'x', part: 1.5 }))
          .then(() => work('broken', 'a%2Fb', {}).catch(() => undefined))
          .then(() => summaryOfRun(postgres, run.id, new Date()))
          .then(facts.resolve, facts.reject)
      },
    })
    await postgres.query(
      `insert into pipeline.schedule (flow, expression, time_zone, catch_up, last_slot) values ('f', '0 2 * * *', 'America/Sao_Paulo', 'last', now())`,
    )
    await engine.replay()
    await engine.start({ flow: 'f', slot: 's', trigger: 'event', input: null, overlap: 'queue' })
    const found = await facts.promise
    assert.equal(found.outcome, 'partly')
    const [one] = found.datasets
    assert.deepEqual(
      [one?.dataset, one?.tier, one?.why, one?.rows, one?.new],
      ['aneel.tarifas', 'backup', 'HTTP_503', 9, 3],
    )
    assert.deepEqual(
      found.steps.map(({ step: name, done, figures }) => [name, done, figures]),
      [['enrich', 1, { translated: 7 }]],
    )
    assert.deepEqual(found.errors, [
      { step: 'broken', item: 'a/b', code: 'GATE_ROWS', message: 'too few rows', retryable: false },
    ])
    assert.deepEqual(found.attributions, ['Fonte: ANEEL'])
    assert.match(found.next ?? '', /T05:00:00.000Z$/)
    await rejectsWith(summaryOfRun(postgres, '00000000-0000-4000-8000-000000000000', new Date()), 'RUN_UNKNOWN')
  })

  it('adds up 30,000 lines, all of them, a few at a time', async () => {
    const { postgres } = surroundings.stores
    const run = '00000000-0000-4000-8000-00000000abcd'
    await postgres.query(
      `insert into pipeline.run select (jsonb_populate_record(old, jsonb_build_object('id', $1::text, 'slot', 'large'))).*
       from pipeline.run old where flow = 'f' limit 1`,
      [run],
    )
    const lines = (from: number, to: number, step: string, state: string, output: string, error = 'null') =>
      postgres.query(
        `insert into pipeline.step
           (run_id, node, item, step, input_hash, state, output, error, attempts, epoch, started_at, finished_at)
         select $1::uuid, 'n', 'i' || i, $4, 'h', $5, ${output}, ${error}, 1, 1,
           timestamptz '2026-10-01' + i * interval '1 ms', timestamptz '2026-10-01' + i * interval '1 ms' + interval '2 s'
         from generate_series($2::int, $3::int) i`,
        [run, from, to, step, state],
      )
    await lines(1, 15_000, 'pdf-extract@1', 'done', `'{"outcome": "extracted", "read": 2, "tables": 1, "records": 3}'`)
    await lines(15_001, 27_000, 'enrich@1', 'done', `jsonb_build_object('parts', 3, 'share', 0.5, 'name', 'x' || i)`)
    await lines(
      27_001,
      29_000,
      'enrich@1',
      'failed',
      'null',
      `'{"code": "HTTP_503", "message": "m", "retryable": true}'`,
    )
    // the join's line of an item whose step has failed tells the same
    await postgres.query(
      `insert into pipeline.step (run_id, node, item, step, input_hash, state, error, attempts, epoch, started_at, finished_at)
       select run_id, 'join', item, 'item', input_hash, state, error, attempts, epoch, started_at, finished_at
       from pipeline.step where run_id = $1 and state = 'failed' and item < 'i272'`,
      [run],
    )
    const manifest = `jsonb_build_object('dataset', 'aneel.d' || lpad(i::text, 6, '0'), 'outcome', 'published',
      'tier', case when i = 29777 then 'cache' else 'primary' end, 'ageSeconds', 0, 'table', 't', 'why', '[]'::jsonb,
      'rows', 1, 'new', 1, 'changed', 0, 'vanished', 0, 'quarantined', 0, 'seconds', 1, 'warnings', '[]'::jsonb,
      'parts', '[]'::jsonb, 'attribution', 'Fonte: ANEEL')`
    await lines(29_001, 30_000, 'aneel-fetch@1', 'done', manifest)

    let mostRows = 0
    const counting: Queryable = {
      async query<T extends Row = Row>(text: string, values?: readonly unknown[]) {
        const result = await postgres.query<T>(text, values)
        mostRows = Math.max(mostRows, result.rows.length)
        return result
      },
    }
    const facts = await summaryOfRun(counting, run, new Date())
    assert.ok(mostRows <= 1_000, `${mostRows} lines at once`)
    assert.equal(facts.outcome, 'partly')
    assert.equal(facts.startedAt, '2026-10-01T00:00:00.001Z')
    assert.deepEqual(facts.documents, {
      ...{ extracted: 15_000, unchanged: 0, partial: 0, pages: 30_000, tables: 15_000, formulas: 0, records: 45_000 },
    })
    assert.deepEqual(facts.steps, [{ step: 'enrich', done: 12_000, seconds: 24_000, figures: { parts: 36_000 } }])
    assert.deepEqual([facts.errors.length, facts.left.errors, facts.errors[0]?.item], [30, 1_970, 'i27001'])
    assert.deepEqual([facts.datasets.length, facts.left.datasets], [60, 940])
    assert.deepEqual(
      facts.datasets.slice(0, 2).map(({ dataset, tier }) => [dataset, tier]),
      [
        ['aneel.d029777', 'cache'],
        ['aneel.d029001', 'primary'],
      ],
    )
    assert.deepEqual(facts.attributions, ['Fonte: ANEEL'])
  })
})
