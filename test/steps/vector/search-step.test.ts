import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fuse, weightsFor } from '../../../lib/steps/vector/fuse.ts'
import type { VectorHit } from '../../../lib/stores/vectors/port.ts'
import { rejectsWith } from '../../helpers/rejects.ts'
import { anyGround, type Ground } from './grounds.ts'

const hit = (id: string): VectorHit => ({ id, document: id, score: 1, facets: {}, payload: {} })

describe('the fusion of both halves', () => {
  test('a hit of both lists beats the first of one; the halves count what they are told', () => {
    const both = fuse(['a', 'b'].map(hit), ['c', 'b'].map(hit), { dense: 1, lexical: 1 })
    assert.deepEqual(
      both.map((each) => [each.hit.id, each.ranks]),
      [
        ['b', { dense: 2, lexical: 2 }],
        ['a', { dense: 1 }],
        ['c', { lexical: 1 }],
      ],
    )
    assert.equal(fuse([hit('a')], [hit('c')], weightsFor(false))[0]?.hit.id, 'c', 'words before hashed words')
  })
})

describe('the step vector-search', () => {
  let at: Ground
  const config = { collection: 'busca' }
  before(async () => {
    at = await anyGround()
    const long = 'O inversor converte corrente contínua em alternada. '.repeat(35)
    const documents = [
      {
        document: 'dist',
        text: 'A distorção harmônica total não deve passar de 10%.',
        facets: { tipo: 'norma', ano: 2018 },
      },
      {
        document: 'corte',
        text: 'A suspensão do fornecimento exige notificação.',
        facets: { tipo: 'norma', ano: 2021 },
      },
      { document: 'dobro', text: 'Mesma frase.\n\nMesma frase.' },
      ...Array.from({ length: 40 }, (_, n) => ({ document: `inv${n}`, text: `${long}Modelo ${n}.` })),
    ]
    await at.index({ documents }, config)
  })
  after(() => at?.close())

  test('finds by words without accents, and by the lexicon alone where no word is the same', async () => {
    const words = await at.search('DISTORCOES HARMONICAS', { ...config, mode: 'lexical' })
    assert.equal(words.hits[0]?.citation.document, 'dist')
    const concept = await at.search('podem cortar a luz?', config)
    assert.equal(concept.hits[0]?.citation.document, 'corte')
    assert.equal(concept.hits[0]?.ranks.lexical, undefined)
    const dense = await at.search('total harmonic distortion', { ...config, mode: 'dense' })
    assert.deepEqual([dense.hits[0]?.citation.document, dense.mode], ['dist', 'dense'])
  })

  test('filters by value, list and range, from the node and from the message', async () => {
    const found = async (filter: Record<string, unknown>, lines: string[] = []) => {
      const typed = JSON.parse(JSON.stringify(filter))
      const { hits } = await at.search({ question: 'distorção suspensão', filter: typed }, { ...config, filter: lines })
      return hits.map(({ citation }) => citation.document).sort()
    }
    assert.deepEqual(await found({ tipo: 'norma' }), ['corte', 'dist'])
    assert.deepEqual(await found({ ano: { from: 2020 } }), ['corte'])
    assert.deepEqual(await found({ ano: [2018, 2019] }), ['dist'])
    assert.deepEqual(await found({}, ['tipo=norma', 'ano=2021']), ['corte'])
    await rejectsWith(found({}, ['tipo']), 'INDEX_CONFIG')
  })

  test('the answer fits a message, whatever is found; the context is numbered and within its limit', async () => {
    const many = await at.search({ question: 'inversor corrente', limit: 50 }, { ...config, contextCharacters: 4_000 })
    assert.ok(many.hits.length >= 10 && many.cut > 0, `${many.hits.length} hits, ${many.cut} cut`)
    assert.ok(Buffer.byteLength(JSON.stringify(many)) < 60_000)
    assert.ok(many.context.length <= 4_000)
    assert.match(many.context, /^\[1\] inv\d+\nO inversor[\s\S]*\n\n\[2\] inv\d+\nO inversor/)
    assert.equal((await at.search('inversor', { ...config, contextCharacters: 0 })).context, '')
  })

  test('a question of stop words alone finds nothing by words, and is no error', async () => {
    const none = await at.search('de para com', { ...config, mode: 'lexical' })
    assert.deepEqual([none.hits, none.degraded], [[], false])
  })
})
