import type { Ollama } from 'ollama'
import type { HttpClient } from '../net/http.ts'
import { Secrets } from '../net/redact.ts'
import { reveal } from '../secrets/reveal.ts'
import type { OllamaConfig } from './ollama-config.ts'
import { type About, modelError } from './ollama-errors.ts'
import { ollamaFetch, type Patience } from './ollama-fetch.ts'

/** How a server is reached for one request. */
export interface Session {
  http: HttpClient
  place: string
  config: OllamaConfig
}

/** One request through the library `ollama`; the connection is let go of when `use` ends. Errors are those of {@link LanguageModel}. */
export async function asking<T>(
  { http, place, config }: Session,
  { model, signal, patience = config }: { model?: string; signal: AbortSignal; patience?: Patience },
  use: (client: Ollama) => Promise<T>,
): Promise<T> {
  const token = await reveal(config.token, signal)
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` }
  const secrets = new Secrets()
  secrets.headers(headers)
  const about: About = { place, signal, clean: secrets.clean, ...(model === undefined ? {} : { model }) }
  const { connectTimeoutMs, idleTimeoutMs, totalTimeoutMs } = patience
  const { fetch, close } = ollamaFetch(http, { connectTimeoutMs, idleTimeoutMs, totalTimeoutMs }, about)
  try {
    const { Ollama: Client } = await import('ollama') // only in the memory of those who ask a model
    return await use(new Client({ host: place, headers, fetch }))
  } catch (error) {
    throw modelError(error, about)
  } finally {
    await close()
  }
}
