import { PipelineError } from '../../../errors.ts'
import type { LanguageModel } from '../../../models/port.ts'
import { type AdapterName, adapterOf, adapters } from './models.ts'

/** Reads the picture of one formula. */
export interface FormulaReader {
  /**
   * The LaTeX of a PNG; undefined when the model sees no formula. It is not yet checked. Throws what {@link LanguageModel} throws, and
   * MODEL_ANSWER for an answer that is not of the form that was asked for.
   */
  readFormula(png: Uint8Array, signal: AbortSignal): Promise<string | undefined>
}

/** Which model is asked, and how. */
export interface VisionOptions {
  model: string
  /** How the model is asked; by its name when it is not given. */
  adapter?: AdapterName
}

/** Tokens of an answer; a long formula has 300. */
const mostTokens = 1_024
const mostCharacters = 20_000

/** A reader that asks a model that sees. */
export function visionReader(server: LanguageModel, { model, adapter: given }: VisionOptions): FormulaReader {
  const adapter = adapters[given ?? adapterOf(model)]
  return {
    async readFormula(png, signal) {
      const { text } = await server.chat({
        model,
        messages: [{ role: 'user', content: adapter.prompt, images: [png] }],
        ...(adapter.format === undefined ? {} : { format: adapter.format }),
        maxTokens: mostTokens,
        signal,
      })
      if (text.length > mostCharacters) {
        throw new PipelineError(
          'MODEL_ANSWER',
          `The model ${model} answered with ${text.length} characters for one formula`,
          {
            retryable: true,
          },
        )
      }
      return adapter.latex(text)
    },
  }
}
