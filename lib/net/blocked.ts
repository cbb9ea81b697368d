import { PipelineError } from '../errors.ts'
import type { RefusedAnswer } from './http.ts'

/** Why a page is no page: a challenge for browsers, or a shell that only a script would fill. */
export interface Blocked {
  by: string
  /** What was seen, for people. */
  sign: string
}

interface Sign {
  by: string
  /** Name and pattern of a header of the answer. */
  header?: readonly [name: string, value: RegExp]
  html?: RegExp
}

// Marks of the challenge pages themselves. Scripts of the same makers also stand in pages that are well (Cloudflare's
// "challenge-platform" does), so that those count for nothing here.
const signs: readonly Sign[] = [
  { by: 'Cloudflare', header: ['cf-mitigated', /challenge/i] },
  {
    by: 'Cloudflare',
    html: /_cf_chl_opt|cf-browser-verification|<title>\s*(Just a moment|Attention Required! \| Cloudflare)/i,
  },
  { by: 'AWS WAF', header: ['x-amzn-waf-action', /challenge|captcha/i] },
  { by: 'AWS WAF', html: /awsWafCookieDomainList|window\.gokuProps/ },
  { by: 'DataDome', header: ['x-datadome', /protected/i], html: /captcha-delivery\.com/i },
  { by: 'Imperva Incapsula', html: /_Incapsula_Resource\?|Incapsula incident ID/i },
  { by: 'Akamai', html: /<title>\s*Access Denied[\s\S]{0,2000}Reference\s*(&#32;)?#/i },
  { by: 'F5', html: /The requested URL was rejected\. Please consult with your administrator/i },
  { by: 'Sucuri', html: /Sucuri WebSite Firewall - (Access Denied|CloudProxy)/i },
  { by: 'Distil', html: /<title>\s*Pardon Our Interruption/i },
  { by: 'a captcha', html: /<(div|iframe)[^>]+(g-recaptcha|h-captcha|cf-turnstile|recaptcha\/api2|hcaptcha\.com)/i },
  {
    by: 'a request for JavaScript',
    html: /<title>\s*(Verifying your browser|Checking your browser|DDoS[- ]Guard|Um momento)/i,
  },
]

/** A challenge page is short: a long text with a captcha in it is a page with a form. */
const longestChallenge = 2_500
const shortestPage = 250

/** Tells a challenge page by its marks; undefined for any other page. */
export function challengeOf(headers: Readonly<Record<string, string>>, html: string): Blocked | undefined {
  for (const { by, header } of signs) {
    const value = header === undefined ? undefined : headers[header[0]]
    if (header !== undefined && value !== undefined && header[1].test(value))
      return { by, sign: `${header[0]}: ${value.slice(0, 80)}` }
  }
  if (html.length > 400_000) return undefined
  for (const { by, html: pattern } of signs) {
    const found = pattern?.exec(html)
    if (!found || wordsOf(html).length > longestChallenge) continue
    return { by, sign: found[0].replace(/\s+/g, ' ').trim().slice(0, 80) }
  }
  return undefined
}

/** {@link challengeOf} as an error, for requests: PAGE_BLOCKED for an answer that is a challenge. */
export function challengeError({ url, headers, text }: RefusedAnswer): PipelineError | undefined {
  const blocked = challengeOf(headers, text)
  return blocked === undefined ? undefined : blockedError(url, blocked)
}

/** What a block is called where it is an error. */
export function blockedError(url: string, { by, sign }: Blocked): PipelineError {
  return new PipelineError(
    'PAGE_BLOCKED',
    `${new URL(url).host} did not give what was asked for, but ${by} (${sign}). The pipeline does not get round such blocks: ask the site for access, or take the data from another source`,
    { details: { by, sign } },
  )
}

/** Tells a page that has next to no text of its own but scripts that would make it. */
export function scriptOnly(html: string): Blocked | undefined {
  if (!/<script/i.test(html) || /<table/i.test(html)) return undefined
  const words = wordsOf(html)
  if (words.length > shortestPage) return undefined
  return { by: 'a page that only a script fills', sign: words === '' ? 'no text at all' : words.slice(0, 80) }
}

function wordsOf(html: string): string {
  return html
    .replace(/<(script|style|noscript|template|svg|head)\b[\s\S]*?<\/\1\s*>/gi, ' ')
    .replace(/<!--[\s\S]*?-->/g, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}
