// Adobe's Symbol encoding from 0x20, as Word's private characters U+F020 … U+F0FE show it.
const symbol =
  ' !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼' +
  '\u0000'.repeat(33) +
  '€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪\u0000〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭'

// The same pieces under the private codes of Adobe's corporate use area.
const corporate: Record<string, string> = {
  '\uf8e5': '‾',
  '\uf8e6': '⏐',
  '\uf8e7': '⎯',
  '\uf8e8': '®',
  '\uf8e9': '©',
  '\uf8ea': '™',
  '\uf8eb': '⎛',
  '\uf8ec': '⎜',
  '\uf8ed': '⎝',
  '\uf8ee': '⎡',
  '\uf8ef': '⎢',
  '\uf8f0': '⎣',
  '\uf8f1': '⎧',
  '\uf8f2': '⎨',
  '\uf8f3': '⎩',
  '\uf8f4': '⎪',
  '\uf8f5': '⎮',
  '\uf8f6': '⎞',
  '\uf8f7': '⎟',
  '\uf8f8': '⎠',
  '\uf8f9': '⎤',
  '\uf8fa': '⎥',
  '\uf8fb': '⎦',
  '\uf8fc': '⎫',
  '\uf8fd': '⎬',
  '\uf8fe': '⎭',
  '\uf8ff': '',
  // Wingdings, as Word's lists use it
  '\uf0a7': '▪',
  '\uf0fc': '✓',
  '\uf0d8': '➢',
}

const ligatures = ['ff', 'fi', 'fl', 'ffi', 'ffl', 'ft', 'st']

/** Whether a font's private characters are those of Symbol. */
export const isSymbolFont = (font: string): boolean => /^symbol/i.test(font)

/** The character of Symbol's own encoding, or undefined. */
export function symbolCharacter(code: number): string | undefined {
  const found = symbol[code - 0x20]
  return found === undefined || found === '\u0000' ? undefined : found
}

function plainOne(char: string, symbolFont: boolean): string {
  const code = char.codePointAt(0) ?? 0
  // the overwhelming case
  if (code > 0x20 && code < 0x7f) return char
  if (code >= 0xfb00 && code <= 0xfb06) return ligatures[code - 0xfb00] ?? char
  // Math Alphanumerics: an italic 𝑃 is a P; what is drawn italic is in the font
  if (code >= 0x1d400 && code <= 0x1d7ff) return char.normalize('NFKC')
  // size variants of TeX's and Word's maths fonts, and marks nobody sees
  if ((code >= 0xfe00 && code <= 0xfe0f) || (code >= 0x200b && code <= 0x200f) || code === 0xfeff || code === 0x2060)
    return ''
  // a soft hyphen that is drawn is a hyphen
  if (code === 0xad) return '-'
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return code === 9 || code === 10 || code === 13 ? ' ' : ''
  if (code >= 0xf020 && code <= 0xf0ff) {
    if (symbolFont) return symbolCharacter(code - 0xf000) ?? char
    const other = corporate[char]
    if (other !== undefined) return other
    // Word's private codes for ordinary characters of "symbol" fonts
    return code < 0xf07f ? String.fromCharCode(code - 0xf000) : char
  }
  return corporate[char] ?? char
}

/** Dashes that stand for a minus sign. */
const minus = /^[\u2010-\u2013\u2212\ufe58\ufe63\uff0d\u02d7\u2796]$/

/** Whether a character may be a minus sign before a number. */
export const isDash = (text: string): boolean => text === '-' || minus.test(text)

/**
 * What a drawn character reads as: ligatures split, mathematical letters plain, Symbol's private codes as what they show. Never
 * NFKC on the rest, which would make m2 of m².
 */
export function plain(unicode: string, symbolFont = false): string {
  if (unicode.length === 1) return plainOne(unicode, symbolFont)
  let text = ''
  for (const char of unicode) text += plainOne(char, symbolFont)
  // a letter with its accent apart is one letter
  return text.length > 1 && /[\u0300-\u036f]/.test(text) ? text.normalize('NFC') : text
}

/** Digits that stand raised. */
export const superscriptDigits: Readonly<Record<string, string>> = Object.fromEntries(
  [...'⁰¹²³⁴⁵⁶⁷⁸⁹'].map((raised, digit) => [String(digit), raised]),
)
