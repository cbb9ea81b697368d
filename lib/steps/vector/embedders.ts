import { PipelineError } from '../../errors.ts'
import type { Embedder } from '../../models/embedder.ts'
import { openOllama } from '../../models/ollama.ts'
import type { OllamaConfig } from '../../models/ollama-config.ts'
import { ollamaEmbedder } from '../../models/ollama-embedder.ts'
import type { Progress } from '../step.ts'
import { embeddedEmbedder } from './embedded-embedder.ts'
import type { Generation } from './ledger/state.ts'

/** An embedder and the name by which it is asked for again. */
export interface ChosenEmbedder {
  embedder: Embedder
  /** Name of the model; empty for the embedded one. */
  model: string
}

/** The embedder of an index step's settings. Throws INDEX_CONFIG, and what the server of models throws. */
export async function chosenEmbedder(
  config: { embedder: 'embedded' | 'ollama'; model: string; ollama?: OllamaConfig },
  signal: AbortSignal,
  progress?: (progress: Progress) => void,
): Promise<ChosenEmbedder> {
  if (config.embedder === 'embedded') return { embedder: embeddedEmbedder, model: '' }
  if (config.ollama === undefined || config.model.trim() === '') {
    throw new PipelineError('INDEX_CONFIG', 'Embedding by Ollama needs an ysh-ollama and the name of a model')
  }
  const model = config.model.trim()
  const embedder = await ollamaEmbedder(openOllama(config.ollama), model, signal, ({ done, total }) =>
    progress?.({ phase: 'pull', done, ...(total === undefined ? {} : { total }), unit: 'bytes' }),
  )
  return { embedder, model }
}

/**
 * The embedder that a collection was made with, for questions. Throws MODEL_CHANGED when there is no such embedder any more (its vectors must not be
 * compared with those of another one), INDEX_CONFIG without a server, and what the server throws.
 */
export async function embedderOf(
  generation: Generation,
  ollama: OllamaConfig | undefined,
  signal: AbortSignal,
): Promise<Embedder> {
  const embedder =
    generation.model === ''
      ? embeddedEmbedder
      : (await chosenEmbedder({ embedder: 'ollama', model: generation.model, ...(ollama && { ollama }) }, signal))
          .embedder
  if (embedder.id !== generation.embedder) {
    throw new PipelineError(
      'MODEL_CHANGED',
      `The collection was indexed with ${generation.embedder}, and now there is ${embedder.id}: index it again`,
    )
  }
  return embedder
}
