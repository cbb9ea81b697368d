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
})
