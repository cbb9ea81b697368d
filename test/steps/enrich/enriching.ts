import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PipelineError } from '../../../lib/errors.ts'
import type { OllamaConfig } from '../../../lib/models/ollama-config.ts'
import type { ChatRequest, LanguageModel } from '../../../lib/models/port.ts'
import { createHttpClient } from '../../../lib/net/client.ts'
import type { HttpClient } from '../../../lib/net/http.ts'
import { parser } from '../../../lib/schema.ts'
import { enrichStep } from '../../../lib/steps/enrich/enrich.ts'
import {
  type EnrichConfig,
  EnrichConfigSchema,
  type EnrichInput,
  type EnrichManifest,
} from '../../../lib/steps/enrich/step-schema.ts'
import type { StepContext } from '../../../lib/steps/step.ts'
import { type OpenStores, openStores } from '../../../lib/stores/open.ts'
import { startPostgres } from '../../helpers/postgres-server.ts'

const configs = parser(EnrichConfigSchema, 'test config')

/** A model that answers by a function; `away` makes it one that cannot be reached. */
export class StubModel implements LanguageModel {
  readonly place = 'http://stub'
  readonly requests: ChatRequest[] = []
  reply: (request: ChatRequest) => string = () => '{}'
  away: string | undefined
  cut = false
  questionTokens = 10
  digest = 'a'.repeat(64)

  async chat(request: ChatRequest) {
    this.#there()
    this.requests.push(request)
    const text = this.reply(request)
    return { text, cut: this.cut, questionTokens: this.questionTokens, answerTokens: text.length }
  }

  async embed(): Promise<Float32Array[]> {
    throw new PipelineError('MODEL_CANNOT', 'no embeddings here')
  }

  async describe(name: string) {
    this.#there()
    return { name, digest: this.digest, capabilities: ['completion', 'vision'], contextTokens: 8_192 }
  }

  #there(): void {
    if (this.away !== undefined) throw new PipelineError(this.away, 'nobody answers', { retryable: true })
  }
}

/** The step over a stub model, with real stores. */
export interface Enriching {
  stores: OpenStores
  model: StubModel
  /** Addresses that the step has asked for: none. */
  sent: string[]
  /** Surroundings of a step, but for its end. */
  contextOf(node?: string): Omit<StepContext, 'finish'>
  run(input: EnrichInput, config?: Partial<EnrichConfig>, node?: string): Promise<EnrichManifest>
  close(): Promise<void>
}

/** Opens them; the models may be those of servers. */
export async function openEnriching(open?: (config: OllamaConfig) => LanguageModel): Promise<Enriching> {
  const server = await startPostgres()
  const folder = await mkdtemp(join(tmpdir(), 'enriching-'))
  const stores = await openStores({ folder, postgres: { url: server.url } })
  const sent: string[] = []
  const client = createHttpClient({ product: 'test/1' })
  const http: HttpClient = {
    ...client,
    async request(request) {
      sent.push(request.url)
      return await client.request(request)
    },
  }
  const model = new StubModel()
  const step = enrichStep(open ?? (() => model))
  const contextOf = (node = 'node') => ({
    run: { id: '00000000-0000-4000-8000-000000000001', flow: 'test', slot: '1', epoch: 0, item: '' },
    node,
    attempt: 1,
    signal: new AbortController().signal,
    stores,
    http,
    clock: { now: () => new Date() },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    progress() {},
  })
  return {
    stores,
    model,
    sent,
    contextOf,
    async run(input, config = {}, node = 'node') {
      return await step.run(input, configs.parse({ ollama: {}, model: 'stub', ...config }), {
        ...contextOf(node),
        finish: async () => undefined,
      })
    },
    async close() {
      client.close()
      await stores.close()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The text between the marks of the last message that has any, as the model sees it. */
export function documentOf({ messages }: ChatRequest): string {
  const [first] = messages
  return (
    /<<<(?:DOCUMENTO|DOCUMENT) [0-9a-f]{32}\n([\s\S]*)\n(?:DOCUMENTO|DOCUMENT) [0-9a-f]{32}>>>/.exec(
      first?.content ?? '',
    )?.[1] ?? ''
  )
}
