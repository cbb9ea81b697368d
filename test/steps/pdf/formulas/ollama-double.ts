import { createServer, type ServerResponse } from 'node:http'
import { parser, Type } from '../../../../lib/schema.ts'

/** What the published description of Ollama's API (its OpenAPI file) says of a chat: requests are checked against it, and answers. */
const message = Type.Object(
  {
    role: Type.Union(['system', 'user', 'assistant', 'tool'].map((role) => Type.Literal(role))),
    content: Type.String(),
    images: Type.Optional(Type.Array(Type.String({ pattern: '^[A-Za-z0-9+/]+={0,2}$' }))),
  },
  { additionalProperties: false },
)
const request = parser(
  Type.Object(
    {
      model: Type.String(),
      messages: Type.Array(message),
      format: Type.Optional(Type.Union([Type.Literal('json'), Type.Object({}, { additionalProperties: true })])),
      options: Type.Optional(
        Type.Object(
          {
            seed: Type.Optional(Type.Integer()),
            temperature: Type.Optional(Type.Number()),
            num_predict: Type.Optional(Type.Integer()),
          },
          { additionalProperties: false },
        ),
      ),
      stream: Type.Optional(Type.Boolean()),
    },
    { additionalProperties: false },
  ),
  'The request to /api/chat',
)
const answer = parser(
  Type.Object({
    model: Type.String(),
    created_at: Type.String({ format: 'date-time' }),
    message: Type.Object({ role: Type.Literal('assistant'), content: Type.String() }),
    done: Type.Boolean(),
    done_reason: Type.Optional(Type.String()),
  }),
  'The answer of /api/chat',
)

/** A request as the double got it. */
export type ChatRequest = ReturnType<typeof request.parse>

/** What the double does with a request: the text of the model, or the whole response by hand. */
export type Behaviour = (asked: ChatRequest, response: ServerResponse) => string | undefined

/** A double of an Ollama server, with no model behind it. Close it. */
export interface OllamaDouble {
  host: string
  requests: ChatRequest[]
  /** What was wrong with requests. */
  complaints: string[]
  close(): Promise<void>
}

/** Starts a double that has one model. */
export async function ollamaDouble(model: string, behave: Behaviour): Promise<OllamaDouble> {
  const requests: ChatRequest[] = []
  const complaints: string[] = []
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const json = (status: number, value: unknown): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
      }
      if (incoming.method !== 'POST' || incoming.url !== '/api/chat') {
        json(404, { error: 'page not found' })
        return
      }
      try {
        const asked = request.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')))
        requests.push(asked)
        if (asked.model !== model) {
          json(404, { error: `model '${asked.model}' not found` })
          return
        }
        const content = behave(asked, response)
        if (content === undefined) return
        json(
          200,
          answer.parse({
            model,
            created_at: new Date().toISOString(),
            message: { role: 'assistant', content },
            done: true,
            done_reason: 'stop',
          }),
        )
      } catch (error) {
        const words = error instanceof Error ? error.message : String(error)
        complaints.push(words)
        json(400, { error: words })
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    host: `http://127.0.0.1:${port}`,
    requests,
    complaints,
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
