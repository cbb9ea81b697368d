import type { AnyNode, Element } from 'domhandler'
import { clean } from './text.ts'

/** Elements whose content nobody reads, or that is struck out. */
const silent = new Set('script style template noscript svg iframe object select head del s strike'.split(' '))

/** Elements that stand alone: their text does not run into that of their neighbours. */
const blocks = new Set(
  (
    'address article aside blockquote br caption dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header ' +
    'hr legend li main nav ol option p pre section summary table tbody td tfoot th thead tr ul'
  ).split(' '),
)

export const isElement = (node: AnyNode): node is Element =>
  node.type === 'tag' || node.type === 'script' || node.type === 'style'

/** Whether a reader sees an element, as far as its own attributes say. */
export function isShown({ name, attribs }: Element): boolean {
  if (silent.has(name)) return false
  return attribs.hidden === undefined && !(attribs.style !== undefined && unread.test(attribs.style))
}

const unread = /display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|line-through/i

export const isBlock = ({ name }: Element) => blocks.has(name)

/** What points to a note: `<sup>1</sup>`, `<sup>(a)</sup>`, `<a href="#note">*</a>`; no power, no ordinal, no decimals. */
export function isFootnote({ name, attribs, children }: Element): boolean {
  if (name === 'sup')
    return /^(?:\d|[a-np-z]|\*+|[†‡§]|[([](?:\d{1,2}|[a-z]|\*+)[)\]])$/i.test(rawText(children).trim())
  if (name === 'a' && attribs.href?.startsWith('#') === true)
    return /^(?:\d|\*+|[†‡§]|[([](?:\d{1,2}|[a-z])[)\]])$/i.test(rawText(children).trim())
  return false
}

/** Marks where an element begins or ends that may look different from the text around it. */
const seam = '\uE000'

/** Elements that look different, or may, for all that can be told without their style sheet. */
function looksDifferent({ name, attribs }: Element): boolean {
  return /^(?:a|small|sub|sup|big)$/.test(name) || attribs.style !== undefined || attribs.class !== undefined
}

function rawText(nodes: readonly AnyNode[]): string {
  let text = ''
  for (const node of nodes) {
    if (node.type === 'text') text += node.data
    else if (isElement(node)) text += rawText(node.children)
  }
  return text
}

/** What stands around an element's text: a space where it stands alone, a seam where it may look different. */
export const around = (element: Element): string => (isBlock(element) ? ' ' : looksDifferent(element) ? seam : '')

/**
 * The text of pieces that follow each other, as a reader sees it. Where digits of different looks touch, nobody can tell a note from
 * decimals: "⋮" stands between them, so that this is no number.
 */
export function joined(parts: readonly string[]): string {
  const text = parts.length === 1 ? (parts[0] ?? '') : parts.join('')
  if (!text.includes(seam)) return clean(text)
  const told = /\d\uE000+\d/.test(text) ? text.replace(/(?<=\d)\uE000+(?=\d)/g, '⋮') : text
  return clean(told.replaceAll(seam, ''))
}

/** Whether a piece holds anything that a reader sees. */
export const hasText = (part: string) => /[^\s\uE000\u00AD\u200B-\u200F\u2060\uFEFF]/.test(part)

/** The text of nodes as a reader sees it. Notes' numbers are left out: "0,65" with a note 1 must not become "0,651". */
export function visibleText(nodes: readonly AnyNode[]): string {
  const parts: string[] = []
  collect(nodes, parts)
  return joined(parts)
}

function collect(nodes: readonly AnyNode[], parts: string[]): void {
  for (const node of nodes) {
    if (node.type === 'text') parts.push(node.data)
    else if (isElement(node) && isShown(node) && !isFootnote(node)) {
      parts.push(around(node))
      collect(node.children, parts)
      parts.push(around(node))
    }
  }
}
