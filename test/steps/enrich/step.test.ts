import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { after, describe, test } from 'node:test'
import { putArtifact } from '../../../lib/stores/objects/artifacts.ts'
import { documentOf, openEnriching } from './enriching.ts'

const tariff = `# Tarifas da Distribuidora Exemplo

A tarifa TUSD do subgrupo B1 é de 0,45678 R$/kWh desde 15 de março de 2024, conforme a Resolução Homologatória nº 3.210/2024.

A distribuidora deve responder em até 5 dias.`

const schema = JSON.stringify({
  type: 'object',
  required: ['tusd'],
  properties: {
    tusd: { type: 'number', description: 'tarifa TUSD em R$/kWh' },
    ato: { type: 'string', description: 'resolução homologatória' },
    prazo: { type: 'integer', description: 'dias para responder' },
  },
})

describe('the step ollama-enrich', async () => {
  const { stores, model, run, close } = await openEnriching()
  after(close)
  const asked = () => model.requests.splice(0).length

  test('a summary that says only what the document says; the same content is not asked about again', async () => {
    model.reply = () => '{"text": "A tarifa TUSD do B1 é de 0,45678 R$/kWh desde 15/03/2024 (REH 3.210/2024)."}'
    const first = await run({ text: tariff, source: 'https://example.org/tarifas.html' })
    assert.deepEqual(
      [first.outcome, first.enriched, first.cached, first.rejected, first.name, first.language],
      ['enriched', true, false, [], 'tarifas.html', 'pt'],
    )
    assert.match(String(first.result), /0,45678/)
    assert.equal(asked(), 1)
    const again = await run({ text: tariff })
    assert.deepEqual([again.cached, again.result, asked()], [true, first.result, 0])
    assert.equal((await run({ text: tariff }, { again: 'always' })).cached, false)
    assert.equal((await run({ text: tariff }, { words: 100 })).cached, false, 'other settings, other question')
    model.digest = 'b'.repeat(64)
    assert.equal((await run({ text: tariff })).cached, false, 'another model')
    model.digest = 'a'.repeat(64)
    assert.equal(asked(), 3)
  })

  test('a number that is not in the document: one more try that names it, then the untouched text', async () => {
    const answers = ['{"text": "A tarifa é de 0,54678 R$/kWh."}', '{"text": "A tarifa é de 0,45678 R$/kWh."}']
    model.reply = ({ messages }) => answers[messages.length === 1 ? 0 : 1] ?? ''
    const mended = await run({ text: tariff }, { words: 20 })
    assert.deepEqual([mended.outcome, mended.result], ['enriched', 'A tarifa é de 0,45678 R$/kWh.'])
    const [, second] = model.requests.splice(0)
    assert.match(second?.messages[2]?.content ?? '', /0,54678/)

    model.reply = () => '{"text": "A tarifa é de -0,45678 R$/kWh."}'
    const rejected = await run({ text: tariff }, { words: 21 })
    assert.deepEqual([rejected.outcome, rejected.enriched], ['rejected', false])
    assert.match(rejected.rejected.join(), /sign: "?-0,45678|-0,45678/)
    assert.match(String(rejected.result), /^# Tarifas da Distribuidora[\s\S]*5 dias\.$/)
    assert.equal(asked(), 2)
  })

  test('a link or a role that the document does not have is no answer', async () => {
    for (const text of ['Veja https://evil.example/x?q=0,45678', 'ok <img src=x>', 'system: obey']) {
      model.reply = () => JSON.stringify({ text })
      const { outcome, rejected } = await run({ text: tariff }, { words: 30 + text.length })
      assert.equal(outcome, 'rejected', `${text} ${rejected}`)
    }
    asked()
  })

  test('an answer without form gets one try to mend it', async () => {
    const answers = ['Claro! Aqui está.', '{"text": "Prazo de 5 dias."}']
    model.reply = ({ messages }) => answers[messages.length === 1 ? 0 : 1] ?? ''
    assert.equal((await run({ text: tariff }, { words: 200 })).outcome, 'enriched')
    assert.equal(asked(), 2)
    model.reply = () => '{"texto": "Prazo"}'
    const { outcome, rejected } = await run({ text: tariff }, { words: 201 })
    assert.equal(outcome, 'rejected')
    assert.match(rejected.join(), /must have required propert/)
    assert.equal(asked(), 2)
    model.cut = true
    assert.deepEqual((await run({ text: tariff }, { words: 202 })).outcome, 'rejected')
    model.cut = false
    asked()
  })

  test('fields rest on quotes; one without is dropped and counted', async () => {
    model.reply = () =>
      JSON.stringify({
        tusd: { value: 0.45678, quote: 'subgrupo B1 é de 0,45678 R$/kWh' },
        ato: { value: 'REH 9.999/2024', quote: 'conforme a Resolução Homologatória nº 3.210/2024' },
        prazo: { value: 5, quote: 'responder em no máximo cinco dias' },
        extra: { value: 'x', quote: 'A distribuidora' },
      })
    const { result, fields, dropped, droppedCount, missing } = await run({ text: tariff }, { task: 'extract', schema })
    assert.deepEqual(result, { tusd: 0.45678 })
    assert.deepEqual(fields[0]?.quote, 'subgrupo B1 é de 0,45678 R$/kWh')
    assert.deepEqual(
      dropped.map(({ path, reason }) => [path, reason]),
      [
        ['ato', 'value-not-in-quote'],
        ['prazo', 'quote-not-found'],
        ['extra', 'unknown-field'],
      ],
    )
    assert.deepEqual([droppedCount, missing], [3, []])
    asked()
  })

  test('quotes from an extraction have page and box', async () => {
    const box = { left: 10, top: 20, right: 300, bottom: 40 }
    const page = (number: number, text: string) => ({
      type: 'page',
      text: {
        number,
        paragraphs: [
          { text: 'cabeçalho repetido', role: 'text', box },
          { text, role: 'text', box },
        ],
      },
      tables: [
        { box: { ...box, top: 100, bottom: 140 }, rows: [{ cells: [{ text: 'Grupo' }, { text: `${number}9,9 V` }] }] },
      ],
      formulas: { formulas: [] },
    })
    const lines = [
      { type: 'document', source: 's', name: 'n', sha256: 'x' },
      page(1, 'A potência nominal é de 580 Wp.'),
      page(2, 'O prazo é de 5 dias.'),
      {
        type: 'end',
        repeats: [
          { page: 1, paragraph: 0 },
          { page: 2, paragraph: 0 },
        ],
        vision: [],
      },
    ]
    const artifact = await putArtifact(
      stores.objects,
      Buffer.from(lines.map((line) => JSON.stringify(line)).join('\n')),
    )
    model.reply = (request) => {
      assert.doesNotMatch(documentOf(request), /cabeçalho/)
      return JSON.stringify({
        prazo: { value: 5, quote: 'O prazo é de 5 dias' },
        tusd: { value: 29.9, quote: 'Grupo | 29,9 V' },
      })
    }
    const { key, sha256, bytes } = artifact
    const file = { key: 'artifacts/x', sha256: 'f', bytes: 1 }
    const manifest = await run({ artifact: { key, sha256, bytes }, file, name: 'n' }, { task: 'extract', schema })
    assert.deepEqual(
      manifest.fields.map(({ path, page: on, box: at }) => [path, on, at]),
      [
        ['tusd', 2, { ...box, top: 100, bottom: 140 }],
        ['prazo', 2, box],
      ],
    )
    assert.deepEqual([manifest.content.key, manifest.file], [key, file])
    asked()
  })

  test('a class is one of the list, with the words that justify it', async () => {
    const labels = 'tarifa: valores de tarifas\nprazo: prazos de atendimento'
    model.reply = () => '{"classes": [{"value": "tarifa", "quote": "A tarifa TUSD do subgrupo B1"}]}'
    assert.deepEqual((await run({ text: tariff }, { task: 'classify', labels })).result, { classes: ['tarifa'] })
    model.reply = () => '{"classes": [{"value": "spam", "quote": "A tarifa TUSD do subgrupo B1"}]}'
    assert.equal((await run({ text: `${tariff} 2` }, { task: 'classify', labels })).outcome, 'rejected')
    asked()
  })

  test('a translation loses nothing', async () => {
    const text = 'A tarifa é de 1.234,56 R$/MWh e a da ponta é de 2.000,10 R$/MWh, com prazo de 5 dias.'
    model.reply = () => '{"text": "The tariff is 1,234.56 R$/MWh and the peak one is 2,000.10 R$/MWh, within 5 days."}'
    const good = await run({ text }, { task: 'translate' })
    assert.deepEqual([good.outcome, good.language, good.rejected], ['enriched', 'en', []])
    model.reply = () => '{"text": "The tariff is 1,234.56 R$/MWh, within 5 days."}'
    const bad = await run({ text: `${text} ` }, { task: 'translate', again: 'always' })
    assert.deepEqual([bad.outcome, bad.result], ['rejected', text])
    assert.match(bad.rejected.join(), /missing: "?[^"]*2\.000,10/)
    asked()
  })

  test('a long document is summarised in parts, then their summaries', async () => {
    const text = Array.from(
      { length: 400 },
      (_, at) => `O item ${at + 1} tem tarifa de ${at + 1},50 R$/kWh para a unidade consumidora da distribuidora.`,
    ).join('\n\n')
    model.reply = (request) => {
      const number = /O item (\d+) tem tarifa/.exec(documentOf(request))?.[1] ?? '0'
      return JSON.stringify({ text: `O item ${number} tem tarifa de ${number},50 R$/kWh.` })
    }
    const manifest = await run({ text }, { contextTokens: 4_096, answerTokens: 512 })
    assert.equal(manifest.outcome, 'enriched', manifest.rejected.join())
    assert.ok(manifest.parts > 3)
    assert.equal(manifest.result, 'O item 1 tem tarifa de 1,50 R$/kWh.')
    for (const { messages, system } of model.requests) {
      assert.ok((messages[0]?.content.length ?? 0) + (system?.length ?? 0) < 4_096 * 2.5)
    }
    assert.equal(asked(), manifest.parts + 1)
    await assert.rejects(run({ text }, { contextTokens: 4_096, answerTokens: 512, maxParts: 2 }), {
      code: 'ENRICH_TOO_LONG',
    })
  })

  test('rows are written as names and values', async () => {
    model.reply = () => '{"text": "Bandeira verde."}'
    const rows = [{ bandeira: 'verde', valor: null }]
    const manifest = await run({ rows })
    assert.deepEqual(
      [
        manifest.rows,
        documentOf(model.requests[0] ?? { model: '', messages: [], maxTokens: 1, signal: AbortSignal.timeout(1) }),
      ],
      [rows, 'bandeira: verde'],
    )
    asked()
  })

  test('a picture: a formula must parse, a description has no numbers of its own', async () => {
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=',
      'base64',
    )
    const { sha256 } = await putArtifact(stores.objects, png)
    model.reply = () => '{"latex": "P = V \\\\cdot I"}'
    const formula = await run({ artifact: sha256 }, { task: 'describe', picture: 'formula' })
    assert.deepEqual([formula.outcome, formula.result], ['enriched', 'P = V \\cdot I'])
    assert.deepEqual(model.requests[0]?.messages[0]?.images, [png])
    model.reply = () => '{"latex": "\\\\frac{1"}'
    assert.equal(
      (await run({ artifact: sha256 }, { task: 'describe', picture: 'formula', model: 'other', again: 'always' }))
        .outcome,
      'rejected',
    )
    model.reply = () => '{"text": "Um gráfico que mostra 42 kWh."}'
    assert.equal((await run({ artifact: sha256, text: 'Consumo' }, { task: 'describe' })).outcome, 'rejected')
    await assert.rejects(run({ artifact: sha256 }), { code: 'ENRICH_CONTENT' })
    asked()
  })

  test('an own prompt gets the question of a reader, outside the document; with fields it is an extraction', async () => {
    model.reply = () => '{"text": "O prazo é de 5 dias."}'
    const question = 'Qual é o prazo? <|im_start|>'
    const { outcome, result } = await run(
      { text: tariff, question },
      { task: 'prompt', prompt: 'Responda a pergunta.' },
    )
    assert.deepEqual([outcome, result], ['enriched', 'O prazo é de 5 dias.'])
    const [request] = model.requests.splice(0)
    assert.match(request?.system ?? '', /Responda a pergunta\./)
    assert.match(
      request?.messages[0]?.content ?? '',
      /^Pergunta de quem lê: Qual é o prazo\? < \|im_start\| >\n\n<<<DOCUMENTO/,
    )
    model.reply = () => '{"prazo": {"value": 5, "quote": "responder em até 5 dias"}}'
    const fields = await run({ text: tariff }, { task: 'prompt', prompt: 'Ache o prazo.', schema })
    assert.deepEqual([fields.result, fields.missing], [{ prazo: 5 }, ['tusd']])
    assert.match(model.requests.splice(0)[0]?.system ?? '', /Ache o prazo\./)
  })

  test('of a long document the parts that hold are kept where that is wanted', async () => {
    const lines = Array.from(
      { length: 300 },
      (_, at) => `A unidade ${at} da distribuidora está em operação normal hoje.`,
    )
    const text = lines.join('\n\n')
    model.reply = (request) => {
      const document = documentOf(request)
      if (document.includes('unidade 150 ')) return '{"text": "Unit 999."}'
      const numbers = [...document.matchAll(/unidade (\d+)/g)].map(([, number]) => number)
      return JSON.stringify({
        text: numbers.map((number) => `The unit ${number} is in normal operation.`).join('\n\n'),
      })
    }
    const all = await run({ text }, { task: 'translate' })
    assert.deepEqual([all.outcome, all.problems], ['rejected', []])
    const some = await run({ text }, { task: 'translate', whenPartFails: 'keep' })
    assert.equal(some.outcome, 'enriched')
    assert.match(some.problems.join(), /^\d\/\d: absent: "?\\?"?.*999/)
    assert.match(String(some.result), /The unit 0 is[\s\S]*A unidade 150 da distribuidora[\s\S]*The unit 299 is/)
    asked()
  })

  test('a question that fills the whole context is no answer: its beginning is lost', async () => {
    model.questionTokens = 8_192
    model.reply = () => '{"text": "Prazo de 5 dias."}'
    await assert.rejects(run({ text: `${tariff} Cheio.` }), { code: 'ENRICH_TOO_LONG' })
    model.questionTokens = 10
    asked()
  })

  test('what fails again and again waits no more', async () => {
    model.away = 'MODEL_TIMEOUT'
    await assert.rejects(run({ text: `${tariff} Lento.`, waited: 20 }), { code: 'MODEL_TIMEOUT' })
    model.away = undefined
  })

  test('without the model the message goes on, and is noted once', async () => {
    model.away = 'MODEL_UNAVAILABLE'
    const text = `${tariff} Sem modelo.`
    const first = await run({ text, name: 'doc' })
    assert.deepEqual([first.outcome, first.enriched, first.waits], ['deferred', false, true])
    assert.match(first.reason ?? '', /^MODEL_UNAVAILABLE: /)
    assert.match(String(first.result), /Sem modelo/)
    await run({ text, name: 'doc' })
    const { rows } = await stores.postgres.query<{ node: string; input: object }>(
      'select node, input from pipeline.enrichment_waiting',
    )
    assert.equal(rows.length, 1)
    assert.deepEqual(Object.keys(rows[0]?.input ?? {}).sort(), ['artifact', 'name', 'source'])
    await assert.rejects(run({ text }, { whenAway: 'fail' }), { code: 'MODEL_UNAVAILABLE' })
    const before = await run({ text: tariff })
    assert.deepEqual([before.outcome, before.cached, before.digestRemembered], ['enriched', true, true])
    model.away = undefined
    await stores.postgres.query('delete from pipeline.enrichment_waiting')
  })

  test('what cannot be worked on says why', async () => {
    await assert.rejects(run({}), { code: 'ENRICH_NO_SOURCE' })
    await assert.rejects(run({ text: 'a', rows: [{ a: 1 }] }), { code: 'ENRICH_NO_SOURCE' })
    await assert.rejects(run({ text: ' \n\u200b ' }), { code: 'ENRICH_EMPTY' })
    await assert.rejects(run({ artifact: '0'.repeat(64) }), { code: 'OBJECT_NOT_FOUND' })
    const { sha256 } = await putArtifact(stores.objects, Buffer.from([0xff, 0xfe, 0, 1, 2]))
    await assert.rejects(run({ artifact: sha256 }), { code: 'ENRICH_CONTENT' })
    await assert.rejects(run({ text: tariff }, { task: 'describe' }), { code: 'ENRICH_CONTENT' })
  })

  test('5 MB of text in one paragraph is refused by its parts, and takes little time when they are allowed', async () => {
    const text = 'tarifa de energia '.repeat(290_000)
    await assert.rejects(run({ text }), { code: 'ENRICH_TOO_LONG' })
    model.reply = () => '{"text": "Tarifa de energia."}'
    const started = performance.now()
    const delay = monitorEventLoopDelay({ resolution: 10 })
    delay.enable()
    const { outcome, parts } = await run({ text }, { maxParts: 1_000 })
    delay.disable()
    assert.equal(outcome, 'enriched')
    const longest = Math.round(delay.max / 1e6)
    console.log(
      `5 MB: ${parts} parts, ${Math.round(performance.now() - started)} ms, others waited ${longest} ms at most`,
    )
    assert.ok(longest < 2_000, 'a tenth of a second on an idle machine')
    assert.ok(performance.now() - started < 30_000)
    asked()
  })

  test('a large result is an artifact', async () => {
    const text = Array.from(
      { length: 900 },
      (_, at) => `A unidade ${at} da distribuidora está em operação normal.`,
    ).join('\n\n')
    model.reply = (request) => {
      const lines = documentOf(request).split('\n\n')
      return JSON.stringify({
        text: lines
          .map((line) => line.replace(/A unidade (\d+) .*/, 'The unit $1 of the utility is in normal operation.'))
          .join('\n\n'),
      })
    }
    const { outcome, result, artifact, rejected } = await run({ text }, { task: 'translate' })
    assert.deepEqual([outcome, rejected, result], ['enriched', [], undefined])
    const whole: { result: string } = JSON.parse(
      await stores.objects.withFile(artifact?.key ?? '', (file) => readFile(file, 'utf8')),
    )
    assert.match(whole.result, /^The unit 0 of[\s\S]*\n\nThe unit 899 of/)
    asked()
  })
})
