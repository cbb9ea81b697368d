const invisible = /[\u00AD\u200B-\u200F\u2060\uFEFF]/g
const simple = /^[!-~]+(?: [!-~]+)*$/

/** Text as a reader sees it: soft hyphens and zero-width marks gone, no-break and thin spaces as spaces, one space between words. */
export function clean(raw: string): string {
  if (simple.test(raw)) return raw
  return raw.replace(invisible, '').replace(/\s+/g, ' ').trim().normalize('NFC')
}

const dashes = /[\u2010-\u2015\u2212]/

/** Text for comparing: accents off, every dash a hyphen. As long as the text itself, so that positions are the same in both. */
export function fold(text: string): string {
  return text.replace(/[^\0-~]/gu, foldedSign)
}

const foldedSign = remembered((sign: string) =>
  sign.length > 1 ? sign : dashes.test(sign) ? '-' : sign.normalize('NFD').charAt(0),
)

/** A function of a text that remembers its last answers: headers and headings are asked about once for each value below them. */
export function remembered<T>(work: (text: string) => T, most = 1_000): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const made = work(text)
    if (known.size >= most) known.clear()
    known.set(text, made)
    return made
  }
}

/** A part of a text that a {@link Pattern} found, in the text's own spelling. */
export interface Found {
  text: string
  index: number
  groups: Record<string, string>
}

/** A regular expression of a recipe: blind to case, accents and kinds of dashes. */
export class Pattern {
  readonly source: string
  readonly #expression: RegExp

  /** Throws a SyntaxError for what is no regular expression. */
  constructor(source: string) {
    this.source = source
    this.#expression = new RegExp(fold(source.normalize('NFC')), 'dgiu')
  }

  test(text: string): boolean {
    this.#expression.lastIndex = 0
    return this.#expression.test(fold(text))
  }

  /** All places, up to `limit`, that do not overlap. */
  all(text: string, limit = 10_000): Found[] {
    const found: Found[] = []
    // matchAll goes on where the last test stopped
    this.#expression.lastIndex = 0
    for (const match of fold(text).matchAll(this.#expression)) {
      if (found.length >= limit) break
      const groups: Record<string, string> = {}
      for (const [name, place] of Object.entries(match.indices?.groups ?? {})) {
        if (place !== undefined) groups[name] = text.slice(place[0], place[1])
      }
      found.push({ text: text.slice(match.index, match.index + match[0].length), index: match.index, groups })
    }
    return found
  }
}

/** A text for a message: quoted, cut. */
export function quote(text: string, most = 80): string {
  return text.length > most ? `"${text.slice(0, most - 1)}…"` : `"${text}"`
}
