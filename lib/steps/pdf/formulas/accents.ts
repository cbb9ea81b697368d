import type { Item } from './atoms.ts'
import { combining } from './symbols.ts'

/** Puts accents that are glyphs of their own over (or under) the letters they stand at. */
export function placeAccents(items: readonly Item[]): Item[] {
  const accents = items.filter((item) => isAccent(item, items))
  if (accents.length === 0) return [...items]
  let left = items.filter((item) => !accents.includes(item))
  for (const accent of accents) {
    const base = baseOf(accent, left)
    if (base === undefined) {
      left.push({
        ...accent,
        role: 'mark',
        latex: accent.latex === '\\tilde' ? '\\sim' : '',
        doubt: accent.doubt + 0.3,
      })
      continue
    }
    left = left.map((item) => (item === base ? join(base, accent) : item))
  }
  return left
}

/** A small arrow over a letter is a vector's. */
function isAccent(item: Item, items: readonly Item[]): boolean {
  if (item.role === 'accent') return true
  return (
    item.text === '→' &&
    items.some(
      (other) =>
        other !== item &&
        other.role === 'letter' &&
        sits(item, other) &&
        item.baseline < other.baseline - 0.3 * other.size,
    )
  )
}

function sits(accent: Item, base: Item): boolean {
  const middle = (accent.left + accent.right) / 2
  const reach = 0.3 * base.size
  return (
    middle > base.left - 0.1 * base.size &&
    middle < base.right + reach &&
    accent.baseline < base.baseline + 0.1 * base.size
  )
}

function baseOf(accent: Item, items: readonly Item[]): Item | undefined {
  const middle = (accent.left + accent.right) / 2
  const distance = (item: Item): number => Math.abs((item.left + item.right) / 2 - middle)
  return items
    .filter(
      (item) =>
        (accent.latex === '\\not' ? item.role === 'relation' : item.role === 'letter' || item.role === 'node') &&
        sits(accent, item),
    )
    .toSorted((a, b) => distance(a) - distance(b))[0]
}

function join(base: Item, accent: Item): Item {
  if (accent.latex === '\\not') {
    return { ...base, latex: base.latex === '=' ? '\\neq' : base.latex === '\\in' ? '\\notin' : `\\not${base.latex}` }
  }
  const mark = combining.get(accent.latex)
  const command = accent.text === '→' ? '\\vec' : accent.latex
  if (mark !== undefined && base.upright && /^\p{L}$/u.test(base.text)) {
    const text = (base.text + mark).normalize('NFC')
    if (text.length === 1) return { ...base, text, latex: `\\text{${text}}` }
  }
  return {
    ...base,
    latex: command === '\\c' ? base.latex : `${command}{${base.latex}}`,
    text: '',
    top: Math.min(base.top, accent.top),
  }
}
