import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OllamaConfig } from '../../lib/models/ollama-config.ts'
import { openStores } from '../../lib/stores/open.ts'
import { ollamaConfig } from '../../test/models/server.ts'
import { stepsOver } from '../../test/steps/vector/surroundings.ts'
import { bm25, trigrams } from './questions/baselines.ts'
import { passagesIn } from './questions/chunks.ts'
import { asMarkdown, documents } from './questions/documents.ts'
import { heldOut } from './questions/questions.ts'
import { askAll, difference, type Ranker, rowsOf, type ScoredQuestion, scoreTable } from './questions/score.ts'
import { startSentenceModel } from './sentence-model/start.ts'

const modes = ['hybrid', 'dense', 'lexical'] as const
type Mode = (typeof modes)[number]

/**
 * Prints how well the index and search steps find the passages of the held-out questions: hybrid beside dense alone and lexical alone, with
 * the embedded embedder and, where it can be had, a real sentence model; plain word and letter searches beside them.
 */
export async function quality(): Promise<void> {
  const signal = new AbortController().signal
  console.log(`retrieval, ${heldOut.length} held-out questions over ${documents.length} documents; 95 % intervals`)
  for (const [name, ranker] of [['plain BM25', bm25()] as const, ['plain letters', trigrams()] as const]) {
    print(name, await askAll(ranker, heldOut))
  }
  const folder = await mkdtemp(join(tmpdir(), 'bench-quality-'))
  const stores = await openStores({ folder })
  const steps = stepsOver(stores)
  try {
    const ask = async (name: string, model: string, ollama?: OllamaConfig) => {
      const own = ollama === undefined ? {} : { ollama }
      const collection = ollama === undefined ? 'embedded' : 'model'
      await steps.index(
        { documents: documents.map((each) => ({ document: each.id, title: each.title, text: asMarkdown(each) })) },
        { collection, embedder: ollama === undefined ? 'embedded' : 'ollama', model, ...own },
      )
      const byMode = {} as Record<Mode, ScoredQuestion[]>
      for (const mode of modes) {
        const ranker: Ranker = async (question) => {
          const { hits } = await steps.search(
            { question, limit: 20 },
            { collection, mode, contextCharacters: 0, ...own },
          )
          return hits.flatMap(({ citation, text }) => {
            const document = documents.find(({ id }) => id === citation.document)
            return document === undefined ? [] : passagesIn(document, text)
          })
        }
        byMode[mode] = await askAll(ranker, heldOut)
        print(`${name}, ${mode}`, byMode[mode])
      }
      for (const other of ['dense', 'lexical'] as const) {
        for (const measure of ['recall5', 'mrr'] as const) {
          const { mean, low, high } = difference(byMode.hybrid, byMode[other], measure)
          console.log(
            `  ${name}: hybrid over ${other} alone, ${measure}: ${signed(mean)} (${signed(low)} to ${signed(high)})`,
          )
        }
      }
    }
    await ask('embedded', '')
    const model = await startSentenceModel(signal)
    if ('missing' in model) {
      console.log(`SKIPPED: a real sentence model: ${model.missing}`)
      return
    }
    try {
      await ask('multilingual-e5-small', model.model, ollamaConfig(model.url))
    } finally {
      await model.stop()
    }
  } finally {
    await stores.close()
    await rm(folder, { recursive: true, force: true })
  }
}

function print(name: string, scored: readonly ScoredQuestion[]): void {
  for (const line of scoreTable(name, rowsOf(scored))) console.log(line)
}

const signed = (value: number) => `${value < 0 ? '' : '+'}${value.toFixed(3)}`
