import { type Infer, parser, Type } from '../../lib/schema.ts'
import { charactersOfToken, tagged, type WholeModel, wordVector } from './models.ts'

/** A request that keeps to the API description. */
export interface Asked {
  method: string
  path: string
  body: unknown
}

/** A JSON answer, or lines of JSON. */
export type Answer = { status: number; value: unknown } | { lines: readonly unknown[] }

/** What a chat or a generation asks, in one form. */
export interface ReplyRequest {
  model: string
  messages: readonly { role: string; content: string; images?: readonly string[] }[]
  /** JSON Schema, or `json`. */
  format?: unknown
  options: Readonly<Record<string, unknown>>
}

/** What the double has to answer with. */
export interface Stock {
  models: Map<string, WholeModel>
  registry: Map<string, WholeModel>
  reply: (request: ReplyRequest) => string
  vector: ((text: string, model: WholeModel) => number[]) | undefined
}

const Chat = Type.Object({
  model: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  messages: Type.Optional(
    Type.Array(
      Type.Object({
        role: Type.String(),
        content: Type.String(),
        images: Type.Optional(Type.Array(Type.String())),
      }),
    ),
  ),
  prompt: Type.Optional(Type.String()),
  system: Type.Optional(Type.String()),
  images: Type.Optional(Type.Array(Type.String())),
  input: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
  format: Type.Optional(Type.Unknown()),
  options: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  stream: Type.Optional(Type.Boolean()),
  truncate: Type.Optional(Type.Boolean()),
  dimensions: Type.Optional(Type.Integer()),
})
type Body = Infer<typeof Chat>
const bodies = parser(Chat, 'request to the double')

/** The answer of a server that is well. Errors are worded as Ollama words them. */
export function answerTo({ path, body }: Asked, stock: Stock): Answer {
  if (path === '/api/version') return { status: 200, value: { version: '0.0.0-double' } }
  if (path === '/api/tags' || path === '/api/ps') {
    return { status: 200, value: { models: [...stock.models.values()].map(summary) } }
  }
  const asked = bodies.parse(body)
  const name = asked.model ?? asked.name ?? ''
  if (path === '/api/pull') return pull(name, asked.stream ?? true, stock)
  const model = stock.models.get(tagged(name))
  if (model === undefined) return { status: 404, value: { error: `model '${name}' not found` } }
  if (path === '/api/show') return { status: 200, value: shown(model) }
  if (path === '/api/embed') return embed(model, asked, stock)
  return talk(model, asked, stock, path === '/api/generate')
}

function summary({ name, digest }: WholeModel) {
  return { name, model: name, modified_at: '2026-01-01T00:00:00Z', size: 1_000, digest, details: { format: 'gguf' } }
}

function shown({ capabilities, contextTokens, dimensions }: WholeModel) {
  return {
    details: { format: 'gguf', family: 'double' },
    model_info: {
      'general.architecture': 'double',
      'double.context_length': contextTokens,
      'double.embedding_length': dimensions,
    },
    capabilities,
  }
}

function pull(name: string, stream: boolean, { models, registry }: Stock): Answer {
  const found = registry.get(tagged(name))
  if (found === undefined) {
    const error = { error: 'pull model manifest: file does not exist' }
    return stream ? { lines: [{ status: 'pulling manifest' }, error] } : { status: 500, value: error }
  }
  models.set(found.name, found)
  if (!stream) return { status: 200, value: { status: 'success' } }
  const digest = `sha256:${found.digest}`
  const layer = (completed: number) => ({
    status: `pulling ${found.digest.slice(0, 12)}`,
    digest,
    total: 1_000,
    completed,
  })
  return {
    lines: [{ status: 'pulling manifest' }, layer(0), layer(400), layer(1_000), { status: 'success' }],
  }
}

function embed(model: WholeModel, { input = [], truncate = true, dimensions }: Body, stock: Stock): Answer {
  if (!model.capabilities.includes('embedding')) {
    return { status: 400, value: { error: 'this model does not support embeddings' } }
  }
  const texts = typeof input === 'string' ? [input] : input
  const most = model.contextTokens * charactersOfToken
  if (!truncate && texts.some((text) => text.length > most)) {
    return { status: 400, value: { error: 'the input length exceeds the context length' } }
  }
  const vector = stock.vector ?? ((text: string) => wordVector(text, dimensions ?? model.dimensions))
  return {
    status: 200,
    value: {
      model: model.name,
      embeddings: texts.map((text) => vector(text.slice(0, most), model)),
      total_duration: 1,
      load_duration: 1,
      prompt_eval_count: tokens(texts.join('')),
    },
  }
}

function talk(model: WholeModel, asked: Body, { reply }: Stock, generates: boolean): Answer {
  if (!model.capabilities.includes('completion')) {
    return { status: 400, value: { error: `"${model.name}" does not support ${generates ? 'generate' : 'chat'}` } }
  }
  const { prompt = '', system, images, format, options = {}, stream = true } = asked
  const messages = asked.messages ?? [
    ...(system === undefined ? [] : [{ role: 'system', content: system }]),
    { role: 'user', content: prompt, ...(images === undefined ? {} : { images }) },
  ]
  const pictures = messages.flatMap((message) => message.images ?? [])
  if (pictures.length > 0 && !model.capabilities.includes('vision')) {
    return { status: 400, value: { error: `"${model.name}" does not support vision` } }
  }
  if (!pictures.every(isPicture)) return { status: 400, value: { error: 'Failed to load image or audio file' } }
  const questionTokens = tokens(messages.map(({ content }) => content).join('\n'))
  const context = Math.min(Number(options.num_ctx ?? model.contextTokens), model.contextTokens)
  if (asked.truncate === false && questionTokens > context) {
    return { status: 400, value: { error: 'the input length exceeds the context length' } }
  }
  const text = reply({ model: model.name, messages, options, ...(format === undefined ? {} : { format }) })
  const all = text.match(new RegExp(`.{1,${charactersOfToken}}`, 'gsu')) ?? []
  const most = Math.min(Number(options.num_predict ?? all.length), Math.max(0, context - questionTokens))
  const pieces = all.slice(0, most)
  const line = (content: string, done: boolean) => ({
    model: model.name,
    created_at: new Date().toISOString(),
    ...(generates ? { response: content } : { message: { role: 'assistant', content } }),
    done,
  })
  const end = {
    done_reason: pieces.length < all.length ? 'length' : 'stop',
    total_duration: 1,
    load_duration: 1,
    prompt_eval_count: questionTokens,
    prompt_eval_duration: 1,
    eval_count: pieces.length,
    eval_duration: 1,
  }
  if (!stream) return { status: 200, value: { ...line(pieces.join(''), true), ...end } }
  return { lines: [...pieces.map((piece) => line(piece, false)), { ...line('', true), ...end }] }
}

function tokens(text: string): number {
  return Math.ceil(text.length / charactersOfToken)
}

/** PNG or JPEG, by its first bytes. */
function isPicture(base64: string): boolean {
  const bytes = Buffer.from(base64.slice(0, 8), 'base64')
  return bytes.subarray(1, 4).equals(Buffer.from('PNG')) || bytes.subarray(0, 2).equals(Buffer.from([0xff, 0xd8]))
}
