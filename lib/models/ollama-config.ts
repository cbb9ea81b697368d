import { type Infer, Type } from '../schema.ts'

/** Where an Ollama server is, and how patient we are with it. Config of `ysh-ollama`, and part of the config of steps that ask a model. */
export const OllamaSchema = Type.Object(
  {
    url: Type.String({
      default: 'http://127.0.0.1:11434',
      pattern: '^https?://[^\\s/@]+$',
      title: 'Address',
      description: 'Of the Ollama server: scheme, host and port',
    }),
    token: Type.String({
      default: '',
      title: 'Token',
      description: 'Sent as a bearer token, for a server behind a proxy',
    }),
    concurrency: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 64,
      title: 'At once',
      description: 'Requests that this server gets at the same time, of all nodes together',
    }),
    keepAlive: Type.String({
      default: '5m',
      pattern: '^(-1|0|[0-9]+(ms|s|m|h))$',
      title: 'Keep in memory',
      description: 'How long the server keeps a model loaded after an answer: 5m, 1h, 0 for not at all, -1 for ever',
    }),
    pull: Type.Boolean({
      default: false,
      title: 'Fetch missing models',
      description: 'A model that the server does not have is downloaded by it, which can take gigabytes and long',
    }),
    connectTimeoutMs: Type.Integer({
      default: 10_000,
      minimum: 100,
      maximum: 600_000,
      description: 'For connecting, in milliseconds',
    }),
    idleTimeoutMs: Type.Integer({
      default: 600_000,
      minimum: 100,
      maximum: 7_200_000,
      description:
        'Longest silence of the server, in milliseconds: loading a model and reading the question are silent',
    }),
    totalTimeoutMs: Type.Integer({
      default: 3_600_000,
      minimum: 100,
      maximum: 86_400_000,
      description: 'For a whole answer, in milliseconds',
    }),
  },
  { additionalProperties: false },
)
export type OllamaConfig = Infer<typeof OllamaSchema>
