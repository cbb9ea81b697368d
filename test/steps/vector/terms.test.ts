import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { embeddedEmbedder } from '../../../lib/steps/vector/embedded-embedder.ts'
import { conceptCount } from '../../../lib/steps/vector/lexicon/lexicon.ts'
import { documentTerms, questionTerms, termsOf } from '../../../lib/steps/vector/terms/analyse.ts'

/** Both texts have a term in common. */
function meet(one: string, other: string): boolean {
  const terms = new Set(questionTerms(one).terms)
  return documentTerms(other).terms.some((term) => terms.has(term))
}

describe('terms of a text', () => {
  test('accents, capitals, plurals and missing accents do not matter', () => {
    for (const [one, other] of [
      ['distorções', 'DISTORÇÃO'],
      ['distorcoes', 'distorção'],
      ['eficiencia', 'eficiência'],
      ['MODULOS', 'módulo'],
      ['tarifario', 'tarifário'],
      ['micro-inversor', 'microinversor'],
    ] as const) {
      assert.ok(meet(one, other), `${one} and ${other}`)
    }
    assert.ok(!meet('tarifa', 'inversor'))
  })

  test('numbers are the same in any writing, acts are one term, with and without their year', () => {
    assert.deepEqual(termsOf('1.234,50'), termsOf('1234,5'))
    assert.deepEqual(termsOf('1,234.50'), termsOf('1.234,5'))
    assert.ok(!meet('12,5', '125'))
    assert.ok(termsOf('Resolução Normativa ANEEL nº 1.000, de 7 de dezembro de 2021').includes('§ren 1000/2021'))
    assert.ok(termsOf('REN 1000/2021').includes('§ren 1000'))
    assert.ok(termsOf('ABNT NBR 16690:2019').includes('§nbr 16690'))
    assert.ok(termsOf('o artigo 655-A').includes('§art 655-a'))
    assert.ok(meet('13,8kV', 'tensão de 13,8 kV'))
    assert.ok(meet('SUN2000-100KTL', 'inversor SUN2000 100KTL'))
  })

  test('weights grow with repetition, less each time, and shrink with length; ids rise', () => {
    const weight = (text: string) => {
      const { terms, weights } = documentTerms(text)
      const [id] = questionTerms('tarifa').terms
      return weights[terms.indexOf(id ?? -1)] ?? 0
    }
    assert.ok(weight('tarifa tarifa') > weight('tarifa'))
    assert.ok(weight('tarifa tarifa tarifa') - weight('tarifa tarifa') < weight('tarifa tarifa') - weight('tarifa'))
    assert.ok(weight(`tarifa ${'inversor módulo '.repeat(100)}`) < weight('tarifa'))
    const { terms } = documentTerms('um texto com várias palavras diferentes sobre energia')
    assert.deepEqual(
      terms,
      [...terms].sort((one, other) => one - other),
    )
    assert.deepEqual(questionTerms('de para com'), { terms: [], weights: [] })
  })
})

describe('the embedded embedder', () => {
  const signal = new AbortController().signal
  const embed = (texts: string[]) => embeddedEmbedder.embed(texts, 'document', { signal })
  const cosine = (one: Float32Array, other: Float32Array) => one.reduce((sum, x, at) => sum + x * (other[at] ?? 0), 0)

  test('says that it knows no meanings; vectors have length 1, also of nothing', async () => {
    assert.equal(embeddedEmbedder.semantic, false)
    assert.ok(conceptCount >= 150)
    for (const vector of await embed(['', 'de', 'Tarifa de energia', '13,8 kV'])) {
      assert.equal(vector.length, 512)
      assert.ok(Math.abs(cosine(vector, vector) - 1) < 1e-5)
    }
    assert.deepEqual(await embed(['Fator de potência']), await embed(['Fator de potência']))
  })

  test('what the lexicon calls the same is near, also in English', async () => {
    const documents = await embed([
      'A suspensão do fornecimento por inadimplemento exige notificação escrita.',
      'O fator de potência de referência é 0,92.',
      'Open-circuit voltage Voc 49.8 V, short-circuit current Isc 13.9 A',
    ])
    const questions = ['podem cortar a luz?', 'what is the power factor limit', 'tensão de circuito aberto do painel']
    for (const [at, question] of (await embed(questions)).entries()) {
      const scores = documents.map((document) => cosine(question, document))
      assert.equal(scores.indexOf(Math.max(...scores)), at, `${questions[at]}: ${scores}`)
    }
  })

  test('is fast: its own processor time for 1,200 characters', async () => {
    const words =
      'a tarifa de uso do sistema de distribuição aplicada às unidades consumidoras do grupo b conforme resolução'.split(
        ' ',
      )
    const texts = Array.from({ length: 3_000 }, (_, at) =>
      Array.from({ length: 180 }, (_, n) => `${words[(at + n) % words.length]}${(at * n) % 50 === 0 ? n : ''}`).join(
        ' ',
      ),
    )
    await embed(texts.slice(0, 1_000))
    const begun = process.cpuUsage()
    await embed(texts)
    const { user } = process.cpuUsage(begun)
    const perSecond = (3_000 / user) * 1e6
    // 5,000 and more on a quiet machine; the bound leaves room for a busy one
    assert.ok(perSecond > 1_500, `${Math.round(perSecond)} a second`)
    process.stdout.write(`# ${Math.round(perSecond)} chunks a second of processor time\n`)
  })
})
