import { hiddenMarkup } from './markup.ts'

/** What is taken out of a text because a reader does not see it. */
export type HiddenKind =
  | 'zero-width'
  | 'bidi'
  | 'tag'
  | 'soft-hyphen'
  | 'variation'
  | 'control'
  | 'private'
  | 'comment'
  | 'hidden-element'

/** A text without what is not seen. */
export interface Hidden {
  text: string
  /** Characters taken out, by kind; kinds that did not occur are left out. */
  removed: Partial<Record<HiddenKind, number>>
  /** All of them. */
  total: number
}

const unseen =
  /(?![\n\t])(?:\p{Cc}\[[\d;]{0,20}[A-Za-z]|[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}])/gu

/** The text as a reader sees it. Ordinary text comes back unchanged; old line and page breaks (CR, form feed) become line feeds. */
export function visibleText(text: string): Hidden {
  const removed: Partial<Record<HiddenKind, number>> = {}
  let total = 0
  const count = (kind: HiddenKind, characters: number) => {
    removed[kind] = (removed[kind] ?? 0) + characters
    total += characters
  }
  const shown = text.replace(unseen, (letter, at: number) => {
    const code = letter.codePointAt(0) ?? 0
    // Windows' line ends stay as they are; other breaks are breaks to a reader too
    const rest = letter.length > 1 && code < 0xa0 ? letter.slice(1) : ''
    if (code === 0x0d) return text[at + 1] === '\n' ? letter : `\n${rest}`
    if (code === 0x0b || code === 0x0c || code === 0x85 || code === 0x2028 || code === 0x2029) return `\n${rest}`
    if (code === 0x1b) {
      // with the codes of a terminal that follow it
      count('control', letter.length)
      return ''
    }
    if (code < 0xa0 && letter.length > 1) {
      count('control', 1)
      return letter.slice(1)
    }
    if (isEmoji(text, at, letter)) return letter
    count(kindOf(code), letter.length)
    return ''
  })
  const spans = hiddenMarkup(shown)
  if (spans.length === 0) return { text: shown, removed, total }
  let rest = ''
  let at = 0
  for (const span of spans) {
    rest += shown.slice(at, span.start)
    at = span.end
    count(span.kind, span.end - span.start)
  }
  return { text: rest + shown.slice(at), removed, total }
}

/** A selector or joiner that makes a picture of the symbol before it, as it is typed everywhere. A second one in a row carries something else. */
function isEmoji(text: string, at: number, letter: string): boolean {
  if (letter !== '\ufe0e' && letter !== '\ufe0f' && letter !== '\u200d') return false
  const before = text.slice(Math.max(0, at - 2), at)
  if (!/(?:\p{Extended_Pictographic}|[0-9#*])$/u.test(before) && !(letter === '\u200d' && /\ufe0f$/.test(before)))
    return false
  const after = text.slice(at + 1, at + 3)
  return letter === '\u200d'
    ? /^\p{Extended_Pictographic}/u.test(after)
    : !/^[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/u.test(after)
}

function kindOf(code: number): HiddenKind {
  if (code === 0xad) return 'soft-hyphen'
  if (code === 0x061c || code === 0x200e || code === 0x200f || (code >= 0x202a && code <= 0x202e)) return 'bidi'
  if (code >= 0x2066 && code <= 0x2069) return 'bidi'
  if (code >= 0xe0000 && code <= 0xe00ff) return 'tag'
  if ((code >= 0xfe00 && code <= 0xfe0f) || (code >= 0xe0100 && code <= 0xe01ef) || (code >= 0x180b && code <= 0x180f))
    return 'variation'
  if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0xd800 && code <= 0xdfff) || code >= 0xfff0) {
    return code >= 0xf0000 ? 'private' : 'control'
  }
  if (code >= 0xe000 && code <= 0xf8ff) return 'private'
  return 'zero-width'
}
