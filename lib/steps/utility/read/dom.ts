import type { AnyNode, Element } from 'domhandler'
import { clean } from './text.ts'

/** Elements whose content nobody reads. */
const silent = new Set(['script', 'style', 'template', 'noscript', 'svg', 'iframe', 'object', 'select', 'head'])

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
  const { style } = attribs
  return (
    attribs.hidden === undefined && !(style !== undefined && /display\s*:\s*none|visibility\s*:\s*hidden/i.test(style))
  )
}

export const isBlock = ({ name }: Element) => blocks.has(name)

/** A superscript that points to a note: `<sup>1</sup>`, `<sup>(a)</sup>`, `<sup>*</sup>`; no power, no ordinal. */
function isFootnote(element: Element): boolean {
  if (element.name !== 'sup') return false
  return /^[([]?(?:\d{1,2}|[a-np-z]|\*+|[†‡§])[)\]]?$/i.test(rawText(element.children).trim())
}

function rawText(nodes: readonly AnyNode[]): string {
  let text = ''
  for (const node of nodes) {
    if (node.type === 'text') text += node.data
    else if (isElement(node)) text += rawText(node.children)
  }
  return text
}

/** The text of nodes as a reader sees it. Notes' numbers are left out: "0,65" with a note 1 must not become "0,651". */
export function visibleText(nodes: readonly AnyNode[]): string {
  const parts: string[] = []
  collect(nodes, parts)
  return clean(parts.join(''))
}

function collect(nodes: readonly AnyNode[], parts: string[]): void {
  for (const node of nodes) {
    if (node.type === 'text') parts.push(node.data)
    else if (isElement(node) && isShown(node) && !isFootnote(node)) {
      const apart = blocks.has(node.name)
      if (apart) parts.push(' ')
      collect(node.children, parts)
      if (apart) parts.push(' ')
    }
  }
}
