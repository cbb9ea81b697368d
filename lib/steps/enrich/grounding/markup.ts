import type { Span } from './quote.ts'

/** Markup that a browser does not show. */
export interface HiddenSpan extends Span {
  kind: 'comment' | 'hidden-element'
}

/** Ends at the next bracket, so that a text is read once whatever its quotes are. */
const tags = /<!--|<(\/?)([a-z][a-z0-9:-]{0,40})((?:\s[^<>]{0,2000})?)\/?>/gi
const alwaysHidden = new Set(['script', 'style', 'template', 'noscript', 'head', 'object', 'iframe'])
const empty = new Set([
  'area',
  'base',
  'br',
  'col',
  'embed',
  'hr',
  'img',
  'input',
  'link',
  'meta',
  'source',
  'track',
  'wbr',
])
const hiddenStyle =
  /display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0?\.?0*(?![\d.])|font-size\s*:\s*0*\.?[01]?(?:px|pt|em|rem|%)?\s*(?:;|["']|$)|(?:left|top|text-indent|margin-left|right)\s*:\s*-\s*\d{3,}|(?:max-)?(?:height|width)\s*:\s*0(?:px)?\s*(?:;|["']|$)|clip\s*:\s*rect\(\s*0|clip-path\s*:\s*inset\(\s*(?:50|100)%|color\s*:\s*transparent|mso-hide\s*:\s*all|transform\s*:\s*scale\(\s*0\s*\)/i
const white = /(?:^|[;"'\s])color\s*:\s*(?:white|#fff(?:fff)?|#fefefe|rgba?\(\s*255\s*,\s*255\s*,\s*255)/i

/** Comments and elements that are hidden by their attributes, in order; they do not overlap. None where the text has no markup. Linear. */
export function hiddenMarkup(text: string): HiddenSpan[] {
  if (!/<(?:!--|\/?[a-z])/i.test(text)) return []
  const spans: HiddenSpan[] = []
  /** The hidden element that we are in, and how many of its name are open. */
  let open: { name: string; start: number; depth: number } | undefined
  tags.lastIndex = 0
  for (let tag = tags.exec(text); tag !== null; tag = tags.exec(text)) {
    const [whole, closing, written, attributes = ''] = tag
    const end = tag.index + whole.length
    if (whole === '<!--') {
      const stop = text.indexOf('-->', end)
      // a browser takes an open comment to the end of the page
      const after = stop < 0 ? text.length : stop + 3
      if (open === undefined) spans.push({ kind: 'comment', start: tag.index, end: after })
      tags.lastIndex = after
      continue
    }
    const name = written?.toLowerCase() ?? ''
    if (open !== undefined) {
      if (name === open.name) open.depth += closing === '/' ? -1 : 1
      if (open.depth > 0) continue
      spans.push({ kind: 'hidden-element', start: open.start, end })
      open = undefined
    } else if (closing === '' && isHidden(name, attributes)) {
      if (empty.has(name) || whole.endsWith('/>')) spans.push({ kind: 'hidden-element', start: tag.index, end })
      else open = { name, start: tag.index, depth: 1 }
    }
  }
  if (open !== undefined) {
    // never closed: to the end of its paragraph, so that one stray tag does not take the document
    const stop = text.indexOf('\n\n', open.start)
    const end = stop < 0 ? text.length : stop
    const kept = spans.filter((span) => span.start < (open?.start ?? 0))
    return [...kept, { kind: 'hidden-element', start: open.start, end }]
  }
  return spans
}

function isHidden(name: string, attributes: string): boolean {
  if (alwaysHidden.has(name)) return true
  if (attributes === '') return false
  if (/(?:^|\s)hidden(?:\s|=|$)/i.test(attributes) || (name === 'input' && /type\s*=\s*["']?hidden/i.test(attributes)))
    return true
  const style = /style\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))/i.exec(attributes)
  const rules = style?.[1] ?? style?.[2] ?? style?.[3]
  if (rules !== undefined) return hiddenStyle.test(rules) || (white.test(rules) && !/background/i.test(rules))
  return (
    name === 'font' &&
    (/color\s*=\s*["']?(?:white|#fff(?:fff)?)\b/i.test(attributes) || /size\s*=\s*["']?0/i.test(attributes))
  )
}
