/** A word shorter than this is no secret, and hiding it would make messages unreadable. */
const shortest = 4
/** A part of a path shorter than this is a word such as "hook" and no secret. */
const shortestPart = 12

const secretHeaders =
  /^(authorization|proxy-authorization|cookie|set-cookie)$|token|secret|api-?key|password|signature/i

/** An address without what may be secret: user, password, query and fragment. */
export function withoutSecrets(url: string): string {
  const parsed = URL.parse(url)
  if (parsed !== null && parsed.host !== '') {
    parsed.username = ''
    parsed.password = ''
    parsed.search = ''
    parsed.hash = ''
    return parsed.href
  }
  // without a host: what stands before an @ could be a password, what follows a ? or # a token
  return printable(url.replace(/[?#].*$/s, '').replace(/^([^/]*\/\/)?.*@/s, '$1')).slice(0, 200)
}

/** Host and path of an address, as messages quote it. */
export function placeOf(url: URL): string {
  const place = `${url.host}${url.pathname}`
  return place.length > 120 ? `${place.slice(0, 119)}…` : place
}

/** Text without control characters. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim()
}

/**
 * The secrets of one request, which no error may show: user and password, values of the query, headers that carry credentials, also of
 * the addresses that it is redirected to.
 */
export class Secrets {
  readonly #words = new Set<string>()

  /** The secrets in an address. */
  url(url: string | URL): void {
    const parsed = typeof url === 'string' ? URL.parse(url) : url
    if (parsed === null) return
    for (const word of [parsed.username, parsed.password, parsed.hash.slice(1)]) this.#add(word)
    for (const value of parsed.searchParams.values()) this.#add(value)
    for (const pair of parsed.search.slice(1).split('&')) this.#add(pair.slice(pair.indexOf('=') + 1))
  }

  /** The secrets in headers. */
  headers(headers: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(headers)) {
      if (!secretHeaders.test(name)) continue
      this.#add(value)
      // the parts also stand alone: the token after "Bearer", the values of cookies
      for (const part of value.split(/[\s;,]+/)) this.#add(part.slice(part.indexOf('=') + 1))
    }
  }

  /** A secret that servers may repeat in their answers, also in the base64 of a login's protocol. */
  word(secret: string, user = ''): void {
    this.#add(secret)
    if (secret.length < shortest) return
    for (const text of [secret, `\0${user}\0${secret}`, `${user}:${secret}`]) {
      this.#add(Buffer.from(text).toString('base64'))
    }
  }

  /** An address of which the path is secret as well. */
  wholeUrl(url: string): void {
    this.url(url)
    const parsed = URL.parse(url)
    if (parsed === null || parsed.pathname === '/') return
    this.#add(parsed.pathname)
    // as messages shorten it
    this.#add(placeOf(parsed).slice(parsed.host.length))
    for (const part of parsed.pathname.split('/')) if (part.length >= shortestPart) this.#add(part)
  }

  /** The text with an ellipsis for each secret, and its addresses without their queries. */
  readonly clean = (text: string): string => {
    let cleaned = text.replace(/\bhttps?:\/\/[^\s"'<>]+/gi, (url) => withoutSecrets(url))
    for (const word of [...this.#words].sort((a, b) => b.length - a.length)) cleaned = cleaned.replaceAll(word, '…')
    return cleaned
  }

  #add(word: string): void {
    if (word.length < shortest) return
    this.#words.add(word)
    const decoded = decode(word)
    if (decoded.length < shortest) return
    this.#words.add(decoded)
    // as pages and JSON repeat it
    this.#words.add(
      decoded.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
    )
    this.#words.add(JSON.stringify(decoded).slice(1, -1))
  }
}

function decode(word: string): string {
  try {
    return decodeURIComponent(word)
  } catch {
    return word
  }
}

/**
 * The cause of an error as far as it may be kept: code and message. An error of axios carries its whole request, with all headers.
 */
export function plainCause(error: unknown, clean: (text: string) => string): Error {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const plain = new Error(clean(error instanceof Error ? error.message : 'unknown').slice(0, 500))
  return code === undefined ? plain : Object.assign(plain, { code })
}
