import { clientFor, placeOfServer } from './ollama.ts'
import { listModels, serverVersion } from './ollama-catalogue.ts'
import type { OllamaConfig } from './ollama-config.ts'
import type { OllamaTrial } from './trial.ts'

/** Asks a server who it is, over a connection of its own: a breaker that is open does not count. Throws what {@link LanguageModel} throws. */
export async function tryOllama(config: OllamaConfig, signal: AbortSignal): Promise<OllamaTrial> {
  const place = placeOfServer(config.url)
  const http = clientFor(place)
  try {
    const session = { http, place, config }
    const version = await serverVersion(session, signal)
    const models = await listModels(session, signal)
    return { place, version, models: models.map(({ name, size }) => ({ name, size: size ?? null })) }
  } finally {
    http.close()
  }
}
