import { Ollama } from 'ollama'
import { PipelineError } from '../../../errors.ts'
import { type AdapterName, adapterOf, adapters } from './models.ts'

/** Reads the picture of one formula. */
export interface FormulaReader {
  /**
   * The LaTeX of a PNG; undefined when the model sees no formula. It is not yet checked. Throws {@link PipelineError}: VISION_UNAVAILABLE,
   * VISION_MODEL, VISION_TIMEOUT, VISION_ANSWER; or what the signal was aborted with.
   */
  readFormula(png: Uint8Array, signal: AbortSignal): Promise<string | undefined>
}

/** Where the model is. */
export interface OllamaReaderOptions {
  /** Of the Ollama server, such as `http://127.0.0.1:11434`. */
  host: string
  model: string
  /** How the model is asked; by its name when it is not given. */
  adapter?: AdapterName
  /** For one formula. */
  timeoutMs?: number
  /** What requests go through: the guarded client, where one is in use. */
  fetch?: typeof fetch
}

const defaultTimeoutMs = 120_000
/** Tokens of an answer; a long formula has 300. */
const mostTokens = 1_024
const mostCharacters = 20_000

/** A reader that asks a vision model of an Ollama server. */
export function ollamaReader(options: OllamaReaderOptions): FormulaReader {
  const { host, model, timeoutMs = defaultTimeoutMs, fetch: send = fetch } = options
  const adapter = adapters[options.adapter ?? adapterOf(model)]
  return {
    async readFormula(png, signal) {
      signal.throwIfAborted()
      const deadline = AbortSignal.timeout(timeoutMs)
      const both = AbortSignal.any([signal, deadline])
      // the client's own way to stop stops only streams
      const client = new Ollama({ host, fetch: (url, init) => send(url, { ...init, signal: both }) })
      let content: string
      try {
        const answer = await client.chat({
          model,
          stream: false,
          messages: [{ role: 'user', content: adapter.prompt, images: [png] }],
          ...(adapter.format === undefined ? {} : { format: adapter.format }),
          options: { temperature: 0, seed: 1, num_predict: mostTokens },
        })
        content = answer.message.content
      } catch (error) {
        signal.throwIfAborted()
        throw failure(error, model, deadline.aborted ? timeoutMs : undefined)
      }
      if (typeof content !== 'string' || content.length > mostCharacters) {
        throw new PipelineError('VISION_ANSWER', `The model ${model} gave no usable answer`)
      }
      return adapter.latex(content)
    },
  }
}

function failure(error: unknown, model: string, timeoutMs: number | undefined): PipelineError {
  if (timeoutMs !== undefined) {
    return new PipelineError('VISION_TIMEOUT', `The model ${model} gave no answer within ${timeoutMs} ms`, {
      retryable: true,
      cause: error,
    })
  }
  const words = error instanceof Error ? error.message : String(error)
  const status = typeof error === 'object' && error !== null && 'status_code' in error ? error.status_code : undefined
  if (status === 404 || status === 400) {
    return new PipelineError(
      'VISION_MODEL',
      `The Ollama server does not read pictures with the model ${model}: ${words}`,
      {
        cause: error,
      },
    )
  }
  return new PipelineError('VISION_UNAVAILABLE', `The Ollama server cannot be asked: ${words}`, {
    retryable: true,
    cause: error,
  })
}
