/** A part of a text, in UTF-16 units; the end is exclusive. */
export interface Span {
  start: number
  end: number
}

/** A quote of more characters is no quote. */
const longest = 20_000

/** Finds quotes in one source. */
export type QuoteFinder = (quote: string) => Span | undefined

/**
 * Where a quote stands in its source. White space, case, hyphenation at line ends, typographic quotes and dashes and raised digits may differ;
 * words and digits may not. A quote without a digit and of fewer than two words is none. For many quotes of a source use `quoteFinder`.
 */
export function findQuote(quote: string, source: string): Span | undefined {
  return quoteFinder(source)(quote)
}

/** Prepares a source once, so that each quote costs a search only. */
export function quoteFinder(source: string): QuoteFinder {
  let folded: Folded | undefined
  return (quote) => {
    if (quote.length > longest) return undefined
    const wanted = fold(trimmed(quote)).text
    if (!/\d/.test(wanted) && (wanted.match(/\p{L}+/gu)?.length ?? 0) < 2) return undefined
    if (!/[\p{L}\d]/u.test(wanted)) return undefined
    folded ??= fold(source)
    for (let at = folded.text.indexOf(wanted); at >= 0; at = folded.text.indexOf(wanted, at + 1)) {
      if (!isWhole(folded.text, at, at + wanted.length)) continue
      return { start: folded.starts[at] ?? 0, end: folded.ends[at + wanted.length - 1] ?? source.length }
    }
    return undefined
  }
}

/** Without the quotation marks and dots of omission that a model puts around. */
function trimmed(quote: string): string {
  return quote
    .normalize('NFC')
    .replace(/\s+/g, ' ')
    .replace(/^[\s"'“”‘’«»…]+|^\.{3}/g, '')
    .replace(/(?:\s|["'“”‘’«»…]|\.{3})+$/, '')
}

/** Whether a place does not begin or end within a word or a number, nor right behind the sign of its number. */
function isWhole(text: string, start: number, end: number): boolean {
  const first = text[start] ?? ''
  const last = text[end - 1] ?? ''
  const before = text[start - 1] ?? ''
  const after = text[end] ?? ''
  if (isLetter(first) && isLetter(before)) return false
  if (isLetter(last) && isLetter(after)) return false
  if (isDigit(first)) {
    if (isDigit(before) || (/[.,/]/.test(before) && isDigit(text[start - 2] ?? ''))) return false
    if (/[-±]/.test(before) && !isLetter(text[start - 2] ?? '') && !isDigit(text[start - 2] ?? '')) return false
  }
  return !(isDigit(last) && (isDigit(after) || (/[.,/]/.test(after) && isDigit(text[end + 1] ?? ''))))
}

interface Folded {
  text: string
  /** For each character of the text where it begins and ends in the source. */
  starts: Uint32Array
  ends: Uint32Array
}

const replaced: Readonly<Record<string, string>> = {
  '“': '"',
  '”': '"',
  '„': '"',
  '«': '"',
  '»': '"',
  '‘': "'",
  '’': "'",
  '‚': "'",
  '`': "'",
  '´': "'",
  '‐': '-',
  '‑': '-',
  '‒': '-',
  '–': '-',
  '—': '-',
  '−': '-',
  '―': '-',
  ﬁ: 'fi',
  ﬂ: 'fl',
  ﬀ: 'ff',
  ﬃ: 'ffi',
  ﬄ: 'ffl',
  '…': '...',
  '⁰': '0',
  '¹': '1',
  '²': '2',
  '³': '3',
  '⁴': '4',
  '⁵': '5',
  '⁶': '6',
  '⁷': '7',
  '⁸': '8',
  '⁹': '9',
  '⁻': '-',
  '⁺': '+',
  '₀': '0',
  '₁': '1',
  '₂': '2',
  '₃': '3',
  '₄': '4',
  '₅': '5',
  '₆': '6',
  '₇': '7',
  '₈': '8',
  '₉': '9',
}
const dropped = /[\u00ad\u200b-\u200d\u2060\ufeff]/
const space = /\s/

/**
 * A text for comparison. Space is kept between letters, between digits and before a digit after a mark (`10, 20` is not `10,20`); a hyphen between
 * letters is not, for the break of a line may have put it there.
 */
function fold(source: string): Folded {
  const text: string[] = []
  const starts = new Uint32Array(source.length * 3 + 1)
  const ends = new Uint32Array(source.length * 3 + 1)
  let length = 0
  const put = (letter: string, start: number, end: number) => {
    text.push(letter)
    starts[length] = start
    ends[length++] = end
  }
  let gap = -1
  for (let i = 0; i < source.length; i++) {
    const letter = source[i] ?? ''
    const code = letter.charCodeAt(0)
    if (code === 32 || (code < 14 && code > 8) || (code > 126 && space.test(letter))) {
      if (gap < 0) gap = i
      continue
    }
    if (code > 126 && dropped.test(letter)) continue
    const shown = code > 126 ? composed(source, i) : letter
    const plain =
      code > 126 ? (replaced[shown] ?? shown.toLowerCase()) : code >= 65 && code <= 90 ? letter.toLowerCase() : letter
    const width = code > 126 ? Math.max(1, shown === letter ? 1 : 2) : 1
    const previous = text[length - 1] ?? ''
    const first = plain[0] ?? ''
    if (gap >= 0 && keepsGap(previous, first)) put(' ', gap, i)
    else if (
      previous === '-' &&
      isLetter(first) &&
      isLetter(text[length - 2] ?? '') &&
      (gap < 0 || source.slice(gap, i).includes('\n'))
    ) {
      text.pop()
      length--
    }
    gap = -1
    for (const part of plain) put(part, i, i + width)
    i += width - 1
  }
  return { text: text.join(''), starts, ends }
}

/** A letter with the accent that follows it as a character of its own. */
function composed(source: string, at: number): string {
  const letter = source[at] ?? ''
  const code = source.codePointAt(at) ?? 0
  return code > 0xffff ? String.fromCodePoint(code) : letter
}

/** Also around a dash where it may be a sign: `custo - 5 kWh`, `é -0,29`. */
function keepsGap(previous: string, next: string): boolean {
  if (next === '-') return isLetter(previous) || isDigit(previous)
  if (isLetter(previous)) return isLetter(next)
  if (isDigit(next)) return isDigit(previous) || /[-.,;:]/.test(previous)
  return false
}

function isDigit(letter: string): boolean {
  return letter >= '0' && letter <= '9'
}

function isLetter(letter: string): boolean {
  if (letter === '') return false
  const code = letter.charCodeAt(0)
  if (code < 128) return (code >= 97 && code <= 122) || (code >= 65 && code <= 90)
  return /\p{L}/u.test(letter)
}
