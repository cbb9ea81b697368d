import type { Ollama, ChatRequest as OllamaChatRequest } from 'ollama'
import { PipelineError } from '../errors.ts'
import { governor } from '../governor/governor.ts'
import { meter } from '../metrics/meter.ts'
import { spend } from '../metrics/spend.ts'
import { createHttpClient } from '../net/client.ts'
import { stoppedBy } from '../stopped.ts'
import { Turns } from '../turns.ts'
import { shortName, taggedName } from './model-name.ts'
import { answers } from './ollama-answers.ts'
import { type BatchLimits, batchesOf, vectorsOf } from './ollama-batches.ts'
import { OllamaCatalogue } from './ollama-catalogue.ts'
import type { OllamaConfig } from './ollama-config.ts'
import { asking, type Session } from './ollama-session.ts'
import type { ChatAnswer, ChatRequest, EmbedRequest, LanguageModel, ModelInfo } from './port.ts'

/** Servers remembered while nobody asks them. */
const mostServers = 32
/** How many connections there may be: the turns below count the heavy requests, and looking something up waits for none of them. */
const connections = 256
const batch: BatchLimits = { texts: 64, characters: 100_000 }

/** What all who use one server share. */
interface Server {
  http: ReturnType<typeof createHttpClient>
  turns: Turns
  catalogue: OllamaCatalogue
}

const servers = new Map<string, Server>()

/**
 * An Ollama server as a {@link LanguageModel}. Cheap: what is opened for the same address shares its connections, its breaker, its queue and what
 * is known of its models. Nothing is asked until it is used, and nothing that failed is tried again here: whoever asks knows
 * what a second try is worth. Throws CONFIG for an address that cannot be one.
 */
export function openOllama(config: OllamaConfig): LanguageModel {
  return new OllamaModel(config)
}

/** Scheme, host and port of an address, as messages name a server. Throws CONFIG. */
export function placeOfServer(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || parsed.host === '') {
    throw new PipelineError('CONFIG', 'The address of an Ollama server is one of http or https, with host and port')
  }
  return parsed.origin
}

/** A client that reaches this server, internal as it may be, and nothing else that is internal. */
export function clientFor(place: string): ReturnType<typeof createHttpClient> {
  const { hostname, port, protocol } = new URL(place)
  const host = `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`
  return createHttpClient({
    ...{ product: 'ysh-data-pipeline', allow: [host], connectionsPerHost: connections, hostClass: 'model' },
  })
}

function serverOf(place: string): Server {
  const server = servers.get(place) ?? {
    http: clientFor(place),
    turns: new Turns((why) => tooMuch(place, why)),
    catalogue: new OllamaCatalogue(),
  }
  servers.delete(place)
  servers.set(place, server)
  for (const [other, { turns, http }] of servers) {
    if (servers.size <= mostServers) break
    if (other === place || !turns.idle) continue
    servers.delete(other)
    http.close()
  }
  return server
}

class OllamaModel implements LanguageModel {
  readonly place: string
  readonly #config: OllamaConfig

  constructor(config: OllamaConfig) {
    this.place = placeOfServer(config.url)
    this.#config = config
    serverOf(this.place)
  }

  describe(model: string, options: Parameters<LanguageModel['describe']>[1]): Promise<ModelInfo> {
    const { session, server } = this.#reach()
    return server.catalogue.describe(session, model, options)
  }

  async chat(request: ChatRequest): Promise<ChatAnswer> {
    const { signal, model, messages } = request
    const { capabilities, contextTokens } = await this.describe(model, { signal })
    const pictures = messages.some(({ images = [] }) => images.length > 0)
    if (pictures && capabilities.length > 0 && !capabilities.includes('vision')) {
      throw new PipelineError('MODEL_CANNOT', `The model ${shortName(model)} of ${this.place} does not see pictures`)
    }
    const characters = messages.reduce((sum, { content }) => sum + content.length, request.system?.length ?? 0)
    return await this.#heavy({ work: 'chat', model, signal, characters }, async (client) => {
      const stream = await client.chat({ ...chatRequest(request, capabilities, this.#config), stream: true })
      const answer = { text: '', cut: false, questionTokens: 0, answerTokens: 0 }
      for await (const part of stream) {
        const line: unknown = part
        const { message, done, done_reason, prompt_eval_count = 0, eval_count = 0 } = answers.chat.parse(line)
        answer.text += message?.content ?? ''
        if (message?.content) request.onText?.(answer.text.length)
        if (!done) continue
        answer.cut = done_reason === 'length'
        answer.questionTokens = prompt_eval_count
        answer.answerTokens = eval_count
        countTokens(answer)
      }
      return answer
    }).catch((error: unknown) => {
      const most = Math.min(
        request.contextTokens ?? Number.POSITIVE_INFINITY,
        contextTokens ?? Number.POSITIVE_INFINITY,
      )
      throw withLength(error, characters, most)
    })
  }

  async embed({ model, texts, signal, onProgress }: EmbedRequest): Promise<Float32Array[]> {
    const vectors: Float32Array[] = []
    if (texts.length === 0) return vectors
    const { contextTokens } = await this.describe(model, { signal })
    for (const input of batchesOf(texts, batch)) {
      const characters = input.reduce((sum, { length }) => sum + length, 0)
      const answer = await this.#heavy({ work: 'embed', model, signal, characters }, async (client) => {
        const got: unknown = await client.embed({
          model: taggedName(model),
          input,
          truncate: false,
          keep_alive: keepAlive(this.#config),
        })
        return got
      }).catch((error: unknown) => {
        throw withLength(error, Math.max(...input.map(({ length }) => length)), contextTokens)
      })
      vectors.push(...vectorsOf(answer, { asked: input.length, dimensions: vectors[0]?.length, place: this.place }))
      meter.add('model.embeddings', {}, input.length)
      onProgress?.(vectors.length)
    }
    return vectors
  }

  /** A request that makes the server work: in its turn and when there is memory, each waited for as long as the answer may take. */
  async #heavy<T>({ work, model, signal, characters }: Heavy, use: (client: Ollama) => Promise<T>): Promise<T> {
    const { session, server } = this.#reach()
    const { concurrency, totalTimeoutMs } = this.#config
    const ended = countModel(work, characters)
    const leave = await server.turns.take(concurrency, { signal, ms: totalTimeoutMs }).catch((error: unknown) => {
      ended(signal.aborted ? 'stopped' : 'failed')
      throw error
    })
    try {
      const done = await governor
        .admit(work === 'chat' ? 'model' : 'embed', { signal, ms: totalTimeoutMs })
        .catch((error: unknown) => {
          throw signal.aborted ? stoppedBy(signal) : error
        })
      try {
        const answer = await asking(session, { model, signal }, use)
        ended('done')
        return answer
      } finally {
        done()
      }
    } catch (error) {
      ended(signal.aborted ? 'stopped' : 'failed')
      if (error instanceof PipelineError && error.code === 'MODEL_MISSING') server.catalogue.forget(session, model)
      throw error
    } finally {
      leave()
    }
  }

  #reach(): { session: Session; server: Server } {
    const server = serverOf(this.place)
    return { server, session: { http: server.http, place: this.place, config: this.#config } }
  }
}

/** A request that makes the server work. */
interface Heavy {
  work: 'chat' | 'embed'
  model: string
  signal: AbortSignal
  /** That the model is given. */
  characters: number
}

/** Counts a request to a model; to be told how it ended. */
function countModel(work: Heavy['work'], characters: number): (outcome: 'done' | 'failed' | 'stopped') => void {
  const began = performance.now()
  return (outcome) => {
    meter.add('model.requests', { work, outcome })
    if (outcome !== 'done') return
    meter.add('model.characters', { work }, characters)
    meter.observe('model.duration', { work }, (performance.now() - began) / 1_000)
  }
}

function countTokens({ questionTokens, answerTokens }: ChatAnswer): void {
  meter.add('model.tokens', { direction: 'question' }, questionTokens)
  meter.add('model.tokens', { direction: 'answer' }, answerTokens)
  spend('model_question_token', questionTokens)
  spend('model_answer_token', answerTokens)
}

function chatRequest(request: ChatRequest, capabilities: readonly string[], config: OllamaConfig): OllamaChatRequest {
  const { model, system, messages, format, temperature = 0, maxTokens, contextTokens } = request
  // Not in the library's types: what does not fit is an error, and not cut off at the front without a word.
  const whole = { truncate: false, shift: false }
  return {
    model: taggedName(model),
    messages: [
      ...(system === undefined ? [] : [{ role: 'system', content: system }]),
      ...messages.map(({ role, content, images }) => ({
        role,
        content,
        ...(images === undefined ? {} : { images: images.map((bytes) => Buffer.from(bytes).toString('base64')) }),
      })),
    ],
    ...(format === undefined ? {} : { format }),
    // Thinking aloud costs tokens and time, and nobody here reads it.
    ...(capabilities.includes('thinking') ? { think: false } : {}),
    options: {
      temperature,
      seed: 1,
      num_predict: maxTokens,
      ...(contextTokens === undefined ? {} : { num_ctx: contextTokens }),
    },
    keep_alive: keepAlive(config),
    ...whole,
  }
}

/** As Ollama wants it: a time with a unit, a negative one for ever. */
function keepAlive({ keepAlive: given }: OllamaConfig): string {
  return given === '-1' ? '-1m' : given
}

/** Says how long the text was that a model could not take. */
function withLength(error: unknown, characters: number, contextTokens: number | undefined): unknown {
  if (!(error instanceof PipelineError) || error.code !== 'MODEL_CANNOT' || error.details?.reason !== 'length')
    return error
  const most = contextTokens !== undefined && Number.isFinite(contextTokens) ? `; it takes ${contextTokens} tokens` : ''
  return new PipelineError('MODEL_CANNOT', `${error.message} (${characters} characters${most})`, {
    details: { ...error.details, characters, ...(most === '' ? {} : { contextTokens }) },
    cause: error,
  })
}

function tooMuch(place: string, why: string): PipelineError {
  return new PipelineError('MODEL_BUSY', `${place} has too much to do: ${why}`, { retryable: true })
}
