import { PipelineError } from '../../errors.ts'
import type { HttpBytes, HttpClient, RefusedAnswer } from '../../net/http.ts'
import { type RetryNotice, retry } from '../../runs/retry.ts'
import { type Blocked, challengeOf } from './blocked.ts'
import type { Recipe } from './recipe-schema.ts'
import type { ScrapeConfig } from './scrape-schema.ts'

/** What a request for a page needs beside its address. */
export interface AskContext {
  http: HttpClient
  signal: AbortSignal
  onRetry(notice: RetryNotice): void
}

/**
 * Asks for a page, politely: robots.txt, pace and contact; redirects stay with the page's host and those of the recipe, whose names must fit
 * exactly (copies of distributors' pages on foreign hosts have been seen). Throws PAGE_BLOCKED for a challenge in place of the page.
 */
export async function askForPage(
  url: string,
  recipe: Recipe,
  known: { etag: string; lastModified: string } | undefined,
  config: ScrapeConfig,
  { http, signal, onRetry }: AskContext,
): Promise<HttpBytes> {
  return await retry(
    {
      backoff: 'exponential',
      baseMs: config.backoffMs,
      capMs: Math.max(config.backoffMs, 60_000),
      jitter: 'full',
      attempts: config.tries,
      deadlineMs: config.totalTimeoutMs,
    },
    ({ signal: each }) =>
      http.bytes({
        url,
        headers: {
          accept: 'text/html,application/xhtml+xml',
          'accept-encoding': 'gzip, br',
          'accept-language': 'pt-BR,pt;q=0.9',
        },
        signal: each,
        robots: true,
        redirectHosts: recipe.hosts,
        paceMs: config.paceMs,
        maxBytes: config.maxBytes,
        idleTimeoutMs: config.idleTimeoutMs,
        totalTimeoutMs: config.totalTimeoutMs,
        ...(config.contact === '' ? {} : { contact: config.contact }),
        ...(known === undefined ? {} : { known }),
        explain: (answer) => explain(url, answer),
      }),
    { signal, onRetry, budget: http.retryBudget(url) },
  )
}

function explain(url: string, { headers, text }: RefusedAnswer): PipelineError | undefined {
  const blocked = challengeOf(headers, text)
  return blocked === undefined ? undefined : blockedError(url, blocked)
}

/** What a block is called where it is an error. */
export function blockedError(url: string, { by, sign }: Blocked): PipelineError {
  return new PipelineError(
    'PAGE_BLOCKED',
    `${new URL(url).host} did not give the page itself, but ${by} (${sign}). The pipeline does not get round such blocks: ask the site for access, or take the data from another source`,
    { details: { by, sign } },
  )
}
