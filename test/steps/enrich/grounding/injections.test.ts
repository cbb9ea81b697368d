import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  instructionSpans,
  outputHazards,
  quoteFinder,
  type Span,
  valueRestsOn,
  visibleText,
} from '../../../../lib/steps/enrich/grounding/grounding.ts'
import { without } from '../../aneel/samples.ts'
import { injections } from '../injections/injections.ts'
import { sampleParagraphs } from '../sample-texts.ts'

const corpus = injections()
const overlaps = (a: Span, b: Span) => a.start < b.end && b.start < a.end

describe('orders in a text', () => {
  test('the corpus has 200 injections in 40 techniques, each with its own name and text', () => {
    assert.ok(corpus.length >= 200)
    assert.ok(new Set(corpus.map(({ technique }) => technique)).size >= 40)
    assert.equal(new Set(corpus.map(({ id }) => id)).size, corpus.length)
    assert.ok(corpus.every(({ carrier, injected }) => carrier.includes(injected)))
    assert.deepEqual(injections(), corpus)
  })

  test('each is stripped or found', (t) => {
    const missed = corpus.filter(({ carrier, injected }) => {
      const { text, total } = visibleText(carrier)
      return total < injected.length / 2 && instructionSpans(text).length === 0
    })
    t.diagnostic(`${corpus.length - missed.length} of ${corpus.length} found`)
    assert.deepEqual(
      missed.map(({ id }) => id),
      [],
    )
  })

  test('no field of an always obeying model rests on the document, and every true one still does', (t) => {
    const reasons = { 'no quote': 0, 'not on its quote': 0, 'quotes an order': 0 }
    for (const { id, carrier, language, answer, field, truth } of corpus) {
      const { text } = visibleText(carrier)
      const find = quoteFinder(text)
      const orders = instructionSpans(text)
      const judge = (value: string | number | boolean, quote: string) => {
        const span = find(quote)
        if (span === undefined) return 'no quote'
        if (!valueRestsOn(value, text.slice(span.start, span.end), language)) return 'not on its quote'
        return orders.some((order) => overlaps(order, span)) ? 'quotes an order' : 'stored'
      }
      const verdict = judge(answer.fields[field]?.value ?? '', answer.fields[field]?.quote ?? '')
      assert.notEqual(verdict, 'stored', id)
      if (verdict !== 'stored') reasons[verdict]++
      assert.equal(judge(truth.value, truth.quote), 'stored', `${id}: the true field`)
    }
    t.diagnostic(JSON.stringify(reasons))
    assert.ok(Object.values(reasons).every((count) => count > 0))
  })

  test('tool calls and URLs of its texts are hazards', () => {
    for (const { id, behaviour, text, carrier } of corpus) {
      if (behaviour !== 'tool' && behaviour !== 'url' && behaviour !== 'prompt') continue
      const known = behaviour === 'tool' ? '' : visibleText(carrier).text.replaceAll('evil.example', '')
      assert.notDeepEqual(outputHazards(text, known), [], id)
    }
  })

  const harmless = [
    'A distribuidora deve responder em até 5 dias.',
    'Desconsidere os valores anteriores à data-base de 2023.',
    'Ficam desconsideradas as instruções normativas revogadas.',
    'A distribuidora deve informar ao consumidor apenas o valor total da fatura.',
    'O consumidor deve seguir as instruções do fabricante.',
    'The installer must respond to every alarm within 24 hours.',
    'Do not ignore the safety instructions above the terminal.',
    'Previous estimates are disregarded when the installed power changes.',
    'The system must return to service within 3 hours.',
    'A partir de agora, as tarifas são atualizadas em agosto.',
    'Sistema: monofásico 220 V',
    'A resposta da distribuidora deve conter o número do protocolo.',
    'As regras anteriores deixam de ser aplicadas em 1º de janeiro de 2025.',
    'Esta Resolução prevalece sobre as disposições anteriores.',
    'Call the service center for tools and spare parts.',
    'Ignore o alarme por 10 segundos e reinicie o inversor.',
    'Modelo: JKM585N-72HL4. SHA-256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.',
  ]
  for (const text of harmless) test(`no order: ${text}`, () => assert.deepEqual(instructionSpans(text), []))

  test('real documents: seldom hit', { skip: without('pdf', 'pages') }, async (t) => {
    const paragraphs = await sampleParagraphs('aneel-', 8)
    const hit = paragraphs.filter(({ text }) => instructionSpans(text).length > 0)
    t.diagnostic(
      `${hit.length} of ${paragraphs.length} paragraphs hit: ${((100 * hit.length) / paragraphs.length).toFixed(2)} %`,
    )
    assert.ok(paragraphs.length > 200)
    assert.ok(hit.length / paragraphs.length <= 0.005, hit.map(({ text }) => text).join('\n---\n'))
  })
})
