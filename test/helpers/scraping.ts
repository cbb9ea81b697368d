import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHttpClient } from '../../lib/net/client.ts'
import { parser } from '../../lib/schema.ts'
import { utilityScrape } from '../../lib/steps/utility/scrape.ts'
import { type ScrapeConfig, ScrapeConfigSchema, type ScrapeManifest } from '../../lib/steps/utility/scrape-schema.ts'
import { type OpenStores, openStores } from '../../lib/stores/open.ts'
import { startPostgres } from './postgres-server.ts'

const configs = parser(ScrapeConfigSchema, 'test config')

/** Stores on a real server, and the step on them. */
export interface Scraping {
  stores: OpenStores
  warnings: string[]
  /** Runs the step once, as a run of its own. */
  scrape(
    config: Partial<ScrapeConfig>,
    more?: { input?: Record<string, string>; runId?: string },
  ): Promise<ScrapeManifest>
  close(): Promise<void>
}

/** Opens stores for a test of the scraper; loopback is allowed by name. */
export async function openScraping(): Promise<Scraping> {
  const server = await startPostgres()
  const folder = await mkdtemp(join(tmpdir(), 'scraping-'))
  const stores = await openStores({ folder, postgres: { url: server.url } })
  const http = createHttpClient({ product: 'test/1', allow: ['127.0.0.1'] })
  const warnings: string[] = []
  let runs = 0
  return {
    stores,
    warnings,
    async scrape(config, { input = {}, runId } = {}) {
      runs += 1
      const id = runId ?? `00000000-0000-4000-8000-${String(runs).padStart(12, '0')}`
      const quick = { tries: 2, backoffMs: 5, paceMs: 0, idleTimeoutMs: 5_000, totalTimeoutMs: 20_000 }
      return await utilityScrape.run(input, configs.parse({ ...quick, contact: 'test@example.org', ...config }), {
        run: { id, flow: 'test', slot: id, epoch: 0, item: '' },
        node: 'test',
        attempt: 1,
        signal: new AbortController().signal,
        stores,
        http,
        clock: { now: () => new Date() },
        log: {
          debug() {},
          info() {},
          warn: (message) => warnings.push(message),
          error: (message, fields) => warnings.push(`${message} ${JSON.stringify(fields)}`),
        },
        progress() {},
        finish: async () => undefined,
      })
    },
    async close() {
      http.close()
      await stores.close()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A site of one page that a test can change. */
export interface Site {
  url: string
  /** What the page is now. */
  page: { body: string | Buffer; status?: number; headers?: Record<string, string> }
  /** robots.txt; without it 404. */
  robots: string | undefined
  /** Requests for the page, with their headers. */
  asked: IncomingMessage['headers'][]
  close(): Promise<void>
}

/** Serves one page on loopback, with an ETag of its content. */
export async function openSite(body: string | Buffer): Promise<Site> {
  const site: Site = { url: '', page: { body }, robots: undefined, asked: [], close: async () => undefined }
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/robots.txt') {
      response.writeHead(site.robots === undefined ? 404 : 200, { 'content-type': 'text/plain' }).end(site.robots)
      return
    }
    site.asked.push(request.headers)
    const { body: content, status = 200, headers = {} } = site.page
    const bytes = Buffer.from(content)
    const etag = `"${bytes.length}-${bytes.reduce((sum, byte) => (sum * 31 + byte) >>> 0, 7)}"`
    if (status === 200 && request.headers['if-none-match'] === etag) {
      response.writeHead(304, { etag }).end()
      return
    }
    response.writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      ...(status === 200 ? { etag } : {}),
      ...headers,
    })
    response.end(bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  site.url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/tarifas`
  site.close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return site
}

/** A recipe over a page with one table of tariffs and links to documents; its page is wherever a test serves it. */
export const trialRecipe = {
  recipe: 'prova',
  title: { 'pt-BR': 'Prova', 'en-US': 'Trial' },
  attribution: 'Fonte: Prova',
  pages: [{ page: 'prova', url: 'https://prova.example/tarifas', set: { distribuidora: 'PROVA' } }],
  tables: [
    {
      name: 'convencional',
      dataset: 'utility.tarifas',
      find: { heading: '^tarifa convencional' },
      labels: [{ column: 'subgrupo', header: '^subgrupo$' }],
      values: [
        { header: '^energia', unit: 'R$/MWh', range: [100, 2_000], set: { componente: 'tarifa', grandeza: 'energia' } },
      ],
      count: [1, 10],
      set: { tabela: 'convencional' },
    },
  ],
  documents: { count: [0, 50] },
}
