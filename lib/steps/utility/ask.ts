import { challengeError } from '../../net/blocked.ts'
import type { HttpBytes } from '../../net/http.ts'
import { retry } from '../../runs/retry.ts'
import { requestPolicy, retryNotice } from '../requests.ts'
import type { StepContext } from '../step.ts'
import type { Recipe } from './recipe-schema.ts'
import type { ScrapeConfig } from './scrape-schema.ts'

/**
 * Asks for a page, politely: robots.txt, pace and contact; redirects stay with the page's host and those of the recipe, whose names must fit
 * exactly (copies of distributors' pages on foreign hosts have been seen). Throws PAGE_BLOCKED for a challenge in place of the page.
 */
export async function askForPage(
  url: string,
  recipe: Recipe,
  known: { etag: string; lastModified: string } | undefined,
  config: ScrapeConfig,
  { http, signal, log }: Pick<StepContext, 'http' | 'signal'> & Partial<Pick<StepContext, 'log'>>,
): Promise<HttpBytes> {
  return await retry(
    requestPolicy(config, config.totalTimeoutMs),
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
        explain: challengeError,
      }),
    {
      signal,
      budget: http.retryBudget(url),
      ...(log === undefined ? {} : { onRetry: retryNotice(log, url) }),
    },
  )
}
