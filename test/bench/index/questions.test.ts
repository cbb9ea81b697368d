import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bm25, entries, fused, trigrams } from '../../../bench/index/questions/baselines.ts'
import { passagesIn } from '../../../bench/index/questions/chunks.ts'
import { asMarkdown, documents, passages } from '../../../bench/index/questions/documents.ts'
import { development, heldOut, questions } from '../../../bench/index/questions/questions.ts'
import { askAll, difference, interval, rowsOf, scoreTable, valuesOf } from '../../../bench/index/questions/score.ts'

describe('question set', () => {
  it('has passages of the promised sizes and questions of all kinds, whose answers are there', () => {
    const ids = new Set(passages.map((passage) => passage.id))
    assert.equal(ids.size, passages.length)
    assert.ok(documents.length >= 30 && passages.length >= 60)
    for (const { id, text } of passages) assert.ok(text.length >= 120 && text.length <= 1_500, `${id}: ${text.length}`)
    for (const { id, answers } of questions) {
      for (const answer of answers) assert.ok(ids.has(answer), `${id}: ${answer}`)
      assert.equal(new Set(answers).size, answers.length, id)
    }
    assert.equal(new Set(questions.map((each) => each.question)).size, questions.length)
    const count = (kind: string) => questions.filter((question) => question.kind === kind).length
    assert.ok(count('lexical') >= 30 && count('paraphrase') >= 30 && count('english') >= 20 && count('typos') >= 10)
  })

  it('is parted in a third and two thirds of each kind', () => {
    assert.equal(development.length + heldOut.length, questions.length)
    assert.deepEqual(
      development.slice(0, 3).map(({ id }) => id),
      ['lexical-1', 'lexical-4', 'lexical-7'],
    )
    for (const row of rowsOf(heldOut.map((question) => ({ question, ranked: [], values: valuesOf([], ['x']) })))) {
      const whole = questions.filter((question) => row.kind === 'all' || question.kind === row.kind).length
      assert.ok(Math.abs(row.questions / whole - 2 / 3) < 0.05, `${row.kind}: ${row.questions} of ${whole}`)
    }
  })

  it('keeps most content words of the passage out of paraphrases', () => {
    const texts = new Map(passages.map((passage) => [passage.id, wordsOf(passage.text)]))
    const shared = (kind: string) => {
      const shares = questions
        .filter((question) => question.kind === kind)
        .map(({ question, answers: [answer] }) => {
          const words = [...wordsOf(question)].filter((word) => word.length > 4)
          return words.filter((word) => texts.get(answer)?.has(word)).length / Math.max(1, words.length)
        })
      return shares.reduce((sum, share) => sum + share, 0) / shares.length
    }
    assert.ok(shared('paraphrase') < 0.15, `paraphrase ${shared('paraphrase')}`)
    assert.ok(shared('lexical') > 0.6, `lexical ${shared('lexical')}`)
  })

  it('finds the passages in the chunks of a whole document, cut or joined', () => {
    const document = documents.find((each) => each.id === 'tensao')
    assert.ok(document)
    const text = asMarkdown(document)
    assert.match(text, /\| Classificação \| Faixa em volts \|\n\| --- \| --- \|\n\| Adequada \|/)
    assert.deepEqual(
      passagesIn(document, text),
      document.passages.map(({ id }) => id),
    )
    const second = text.indexOf('## Tabela 5')
    assert.deepEqual(passagesIn(document, text.slice(second, text.indexOf('## Tabela 2'))), ['tensao.380-220'])
    assert.deepEqual(passagesIn(document, 'em até 15 dias. Se a medição de sete dias mostrar DRP'), ['tensao.prazos'])
    assert.deepEqual(passagesIn(document, 'nada disso'), [])
  })
})

describe('scorer', () => {
  it('counts recall, reciprocal rank and nDCG as they are defined', () => {
    const values = valuesOf(['x', 'a', 'y', 'b'], ['a', 'b'])
    assert.deepEqual([values.recall1, values.recall5, values.recall10, values.mrr], [0, 1, 1, 0.5])
    const gain = 1 / Math.log2(3) + 1 / Math.log2(5)
    assert.ok(Math.abs(values.ndcg10 - gain / (1 + 1 / Math.log2(3))) < 1e-12)
    const late = valuesOf([...Array.from({ length: 10 }, (_, index) => `x${index}`), 'a'], ['a'])
    assert.deepEqual([late.recall10, late.ndcg10, late.mrr], [0, 0, 1 / 11])
    assert.deepEqual(valuesOf(['a'], ['a']), { recall1: 1, recall5: 1, recall10: 1, mrr: 1, ndcg10: 1 })
    assert.equal(valuesOf([], ['a']).mrr, 0)
  })

  it('counts a passage that is listed twice at its first place only', async () => {
    const [question] = questions
    assert.ok(question)
    const [scored] = await askAll(() => ['x', 'x', question.answers[0]], [question])
    assert.deepEqual(scored?.ranked, ['x', question.answers[0]])
    assert.equal(scored?.values.mrr, 0.5)
  })

  it('gives the same interval in each run, around the mean and narrower with more samples', () => {
    const some = interval([0, 1, 0, 1, 1, 0, 1, 1])
    assert.deepEqual(some, interval([0, 1, 0, 1, 1, 0, 1, 1]))
    assert.ok(some.low < some.mean && some.mean < some.high && some.mean === 0.625)
    const more = interval(Array.from({ length: 400 }, (_, index) => (index % 8 < 5 ? 1 : 0)))
    assert.ok(more.high - more.low < some.high - some.low)
    assert.deepEqual(interval([1, 1, 1]), { mean: 1, low: 1, high: 1 })
  })

  it('tells a better ranking from a worse one, and refuses to compare other questions', async () => {
    const perfect = await askAll((text) => questions.find((each) => each.question === text)?.answers ?? [], questions)
    const words = await askAll(bm25(), questions)
    assert.ok(difference(perfect, words, 'mrr').low > 0)
    assert.equal(difference(words, words, 'mrr').mean, 0)
    assert.throws(() => difference(perfect, words.slice(1), 'mrr'))
    const rows = rowsOf(perfect)
    assert.deepEqual(
      rows.map(({ kind }) => kind),
      ['lexical', 'paraphrase', 'english', 'typos', 'all'],
    )
    assert.equal(scoreTable('perfect', rows).length, 6)
  })
})

describe('baselines', () => {
  it('find words and letters, and no more than that', async () => {
    const mrr = async (ranker: ReturnType<typeof bm25>) => {
      const rows = rowsOf(await askAll(ranker, questions))
      return Object.fromEntries(rows.map((row) => [row.kind, row.measures.mrr.mean]))
    }
    const words = await mrr(bm25())
    const letters = await mrr(trigrams())
    assert.ok((words.lexical ?? 0) > 0.9 && (words.paraphrase ?? 1) < 0.4, JSON.stringify(words))
    assert.ok((letters.typos ?? 0) > (words.typos ?? 1), JSON.stringify({ words, letters }))
    assert.ok(((await mrr(fused(bm25(), trigrams()))).lexical ?? 0) > 0.9)
    assert.deepEqual(await bm25()('xyzzy'), [])
    assert.equal(entries.length, passages.length)
  })
})

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
}
