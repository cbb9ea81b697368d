import { PipelineError } from '../errors.ts'
import type { Embedder } from './embedder.ts'
import { promptsOf } from './embedding-prompts.ts'
import { shortName, taggedName } from './model-name.ts'
import { wrongForm } from './ollama-errors.ts'
import type { LanguageModel, PullProgress } from './port.ts'

/**
 * An embedder over a model of a server. Its id holds the model's digest and the words that are put before texts; it is fixed here, so that
 * a model that is replaced on the server is another embedder, and not other vectors in the same index. The model is loaded only where the
 * server does not say how long its vectors are. Throws what {@link LanguageModel} throws; MODEL_CANNOT for a model that does not embed.
 */
export async function ollamaEmbedder(
  model: LanguageModel,
  name: string,
  signal: AbortSignal,
  onPull?: (progress: PullProgress) => void,
): Promise<Embedder> {
  const info = await model.describe(name, { signal, ...(onPull && { onPull }) })
  const { capabilities, digest } = info
  // older servers do not say, and embed with models of any kind
  if (capabilities.length > 0 && !capabilities.includes('embedding') && !capabilities.includes('completion')) {
    throw new PipelineError('MODEL_CANNOT', `The model ${shortName(info.name)} of ${model.place} does not embed texts`)
  }
  const prompts = promptsOf(name)
  const dimensions = info.dimensions ?? (await probe(model, name, signal))
  return {
    id: `ollama:${shortName(info.name)}@sha256:${digest}${prompts.id === '' ? '' : `+${prompts.id}`}`,
    dimensions,
    semantic: true,
    async embed(texts, as, options) {
      if (texts.length === 0) return []
      const now = await model.describe(name, { signal: options.signal })
      if (now.digest !== digest) {
        throw new PipelineError(
          'MODEL_ANSWER',
          `The model ${shortName(taggedName(name))} of ${model.place} is not the one that it was: its vectors must not be mixed with the earlier ones`,
          { retryable: true, details: { was: digest, is: now.digest } },
        )
      }
      const vectors = await model.embed({ model: name, texts: texts.map((text) => prompts[as] + text), ...options })
      return vectors.map((vector) => ofLengthOne(vector, dimensions, model.place))
    },
  }
}

async function probe(model: LanguageModel, name: string, signal: AbortSignal): Promise<number> {
  const [vector] = await model.embed({ model: name, texts: ['a'], signal })
  return vector?.length ?? 0
}

function ofLengthOne(vector: Float32Array, dimensions: number, place: string): Float32Array {
  if (vector.length !== dimensions) {
    throw wrongForm({ place }, `a vector of ${vector.length} numbers where ${dimensions} were promised`)
  }
  let sum = 0
  for (const value of vector) sum += value * value
  const length = Math.sqrt(sum)
  if (length === 0 || !Number.isFinite(length)) throw wrongForm({ place }, 'a vector that points nowhere')
  return vector.map((value) => value / length)
}
