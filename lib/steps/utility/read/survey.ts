import type { AnyNode, Element } from 'domhandler'
import { PipelineError } from '../../../errors.ts'
import { isElement } from './dom.ts'

/** Pages of people stay under 100; deeper ones would overflow the stack. */
const deepest = 500

const tooDeep = () =>
  new PipelineError('PAGE_TOO_DEEP', `The page's elements are nested more than ${deepest} deep: it is not read`)

/** A look at the tags alone, before they are parsed: the parser's time grows with the square of the depth. Lenient, for scripts may hold tags. Throws PAGE_TOO_DEEP. */
export function refuseDeepText(html: string): void {
  let depth = 0
  for (const [tag] of html.matchAll(/<(?:\\?\/)?(?:div|span|section|article|ul|ol|table|blockquote|center|font)\b/gi)) {
    depth = /^<\\?\//.test(tag) ? Math.max(0, depth - 1) : depth + 1
    if (depth > deepest * 10) throw tooDeep()
  }
}

/** What the page says of itself. One walk without recursion, for it also finds out whether the page can be walked with it. Throws PAGE_TOO_DEEP. */
export function survey(root: AnyNode): { title?: Element; base?: Element; body: Element[] } {
  const found: { title?: Element; base?: Element; body: Element[] } = { body: [] }
  let depth = 0
  let node: AnyNode | null | undefined = root
  while (node) {
    if (isElement(node)) {
      if (node.name === 'title') found.title ??= node
      else if (node.name === 'base' && node.attribs.href !== undefined) found.base ??= node
      else if (node.name === 'body' && found.body.length === 0) found.body = [node]
    }
    const child: AnyNode | undefined = 'children' in node ? node.children[0] : undefined
    if (child !== undefined) {
      depth += 1
      if (depth > deepest) {
        throw tooDeep()
      }
      node = child
      continue
    }
    while (node && node !== root && node.next === null) {
      node = node.parent
      depth -= 1
    }
    node = node === root ? null : node?.next
  }
  return found
}
