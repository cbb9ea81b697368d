import type { Shown } from './piece.ts'
import { gap } from './shown.ts'

/** A stretch of the document's text that fits the model. */
export interface Part {
  text: string
  /** Its place in the whole text. */
  start: number
}

/** Parts a document where an idea ends: before headings, between pieces, else at sentences, words or anywhere. Linear in its length. */
export function partsOf(shown: Shown, most: number): Part[] {
  const parts: Part[] = []
  let start = 0
  let end = 0
  const close = () => {
    if (end > start) parts.push({ text: shown.text.slice(start, end), start })
  }
  for (const piece of shown.pieces) {
    const full = end > start && piece.end - start > most
    // a heading begins a part when there is much in the one before
    const fresh = piece.heading && end - start > most / 2
    if (full || fresh) {
      close()
      start = piece.start
    } else if (end === start) start = piece.start
    end = piece.end
    while (end - start > most) {
      const cut = cutAt(shown.text, start, most)
      parts.push({ text: shown.text.slice(start, cut).trimEnd(), start })
      start = cut
    }
  }
  close()
  return parts
}

/** Where a text that is too long is cut: after the last sentence, line or word that fits, else in between, never inside a character. */
function cutAt(text: string, start: number, most: number): number {
  const window = text.slice(start, start + most)
  const least = most / 2
  for (const mark of ['\n', '. ', '; ', ' ']) {
    const at = window.lastIndexOf(mark)
    if (at >= least) return start + at + mark.length
  }
  const last = window.charCodeAt(window.length - 1)
  return start + window.length - (last >= 0xd800 && last <= 0xdbff ? 1 : 0)
}

/** Joins answers to parts so that they fit into one question; each group has at least two, where there are two. */
export function groupsOf(texts: readonly string[], most: number): string[][] {
  const groups: string[][] = []
  let length = 0
  for (const text of texts) {
    const last = groups.at(-1)
    if (last === undefined || (length + text.length > most && last.length >= 2)) {
      groups.push([text])
      length = text.length
    } else {
      last.push(text)
      length += text.length + gap.length
    }
  }
  return groups
}
