import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { LiteElement } from 'mathjax-full/js/adaptors/lite/Element.js'
import { liteAdaptor } from 'mathjax-full/js/adaptors/liteAdaptor.js'
import { RegisterHTMLHandler } from 'mathjax-full/js/handlers/html.js'
import { TeX } from 'mathjax-full/js/input/tex.js'
import 'mathjax-full/js/input/tex/ams/AmsConfiguration.js'
import { mathjax } from 'mathjax-full/js/mathjax.js'
import { SVG } from 'mathjax-full/js/output/svg.js'

/** A character of a formula that MathJax laid out: where its origin is, in em, and how it is stretched. */
export interface Mark {
  char: string
  /** Name of the font file of KaTeX that has it; undefined for text that TeX's fonts have not. */
  font: string | undefined
  x: number
  y: number
  across: number
  down: number
}

/** A filled rectangle, in em, y upwards. */
export interface Bar {
  x: number
  y: number
  width: number
  height: number
}

/** A formula as MathJax lays it out, in em; y is upwards from the baseline. */
export interface Layout {
  marks: Mark[]
  bars: Bar[]
  width: number
  height: number
  depth: number
}

const adaptor = liteAdaptor()
RegisterHTMLHandler(adaptor)
const output = new SVG({ fontCache: 'local' })
const html = mathjax.document('', { InputJax: new TeX({ packages: ['base', 'ams'] }), OutputJax: output })

const files: Record<string, string> = {
  N: 'Main-Regular',
  B: 'Main-Bold',
  I: 'Math-Italic',
  BI: 'Math-BoldItalic',
  MI: 'Main-Italic',
  A: 'AMS-Regular',
  D: 'AMS-Regular',
  SO: 'Size1-Regular',
  LO: 'Size2-Regular',
  S1: 'Size1-Regular',
  S2: 'Size2-Regular',
  S3: 'Size3-Regular',
  S4: 'Size4-Regular',
}

/** Bytes of one of KaTeX's fonts, which are TeX's own. */
export function fontFile(name: string): Buffer {
  const folder = dirname(createRequire(import.meta.url).resolve('katex/package.json'))
  return readFileSync(join(folder, 'dist', 'fonts', `KaTeX_${name}.ttf`))
}

interface Frame {
  x: number
  y: number
  across: number
  down: number
}

/** Lays a formula out. */
export function layout(latex: string): Layout {
  const container: unknown = html.convert(latex, { display: true })
  const svg = isElement(container) ? adaptor.firstChild(container) : undefined
  if (!isElement(svg)) throw new Error(`MathJax gave no picture for ${latex}`)
  const [, minY = 0, width = 0, height = 0] = (svg.attributes.viewBox ?? '').split(/\s+/).map(Number)
  const out: Layout = { marks: [], bars: [], width: width / 1000, height: -minY / 1000, depth: (height + minY) / 1000 }
  for (const child of adaptor.childNodes(svg)) {
    // the outermost group turns y upwards; we stay with y upwards
    if (isElement(child) && child.kind === 'g')
      for (const inner of children(child)) walk(inner, { x: 0, y: 0, across: 1, down: 1 }, out)
  }
  return out
}

function isElement(value: unknown): value is LiteElement {
  return (
    typeof value === 'object' && value !== null && 'kind' in value && 'attributes' in value && value.kind !== '#text'
  )
}

const children = (element: LiteElement): LiteElement[] => adaptor.childNodes(element).filter(isElement)

function moved(frame: Frame, transform: string): Frame {
  let { x, y, across, down } = frame
  for (const [, name, args] of transform.matchAll(/(translate|scale)\(([^)]*)\)/g)) {
    const [a = 0, b] = (args ?? '').split(/[ ,]+/).map(Number)
    if (name === 'translate') {
      x += a * across
      y += (b ?? 0) * down
    } else {
      across *= a
      down *= b ?? a
    }
  }
  return { x, y, across, down }
}

const number = (value: string | undefined): number => Number(value ?? 0)

function walk(element: LiteElement, outer: Frame, out: Layout): void {
  const attributes: Record<string, string | undefined> = element.attributes
  const frame = moved(outer, attributes.transform ?? '')
  if (element.kind === 'use') {
    const [, variant = 'N'] = /TEX-([A-Z0-9]+)-/.exec(attributes['xlink:href'] ?? '') ?? []
    const char = String.fromCodePoint(Number.parseInt(attributes['data-c'] ?? '20', 16)).normalize('NFKC')
    put(out, char, files[variant] ?? 'Main-Regular', frame)
    return
  }
  if (element.kind === 'text') {
    const text = adaptor.textContent(element)
    let x = frame.x
    for (const char of text) {
      put(out, char, undefined, { ...frame, x, down: Math.abs(frame.down) })
      x += 500 * frame.across
    }
    return
  }
  if (element.kind === 'rect') {
    out.bars.push({
      x: (frame.x + number(attributes.x) * frame.across) / 1000,
      y: (frame.y + number(attributes.y) * frame.down) / 1000,
      width: (number(attributes.width) * frame.across) / 1000,
      height: (number(attributes.height) * frame.down) / 1000,
    })
    return
  }
  if (element.kind === 'svg') {
    // a window for a stretched piece, inside which its own box begins anew
    const [boxX = 0, boxY = 0] = (attributes.viewBox ?? '').split(/\s+/).map(Number)
    const inner = {
      ...frame,
      x: frame.x + (number(attributes.x) - boxX) * frame.across,
      y: frame.y + (number(attributes.y) - boxY) * frame.down,
    }
    const bars = out.bars.length
    for (const child of children(element)) walk(child, inner, out)
    const from = (frame.x + number(attributes.x) * frame.across) / 1000
    const to = from + (number(attributes.width) * frame.across) / 1000
    for (const bar of out.bars.slice(bars)) {
      const end = Math.min(bar.x + bar.width, to)
      bar.x = Math.max(bar.x, from)
      bar.width = end - bar.x
    }
    return
  }
  for (const child of children(element)) walk(child, frame, out)
}

function put(out: Layout, char: string, font: string | undefined, frame: Frame): void {
  // U+2061 is the application of a function, which nobody sees
  if (char.trim() === '' || char === '\u2061') return
  // a bar over something, which TeX draws as a line, is made of dashes here
  if (char === '–') {
    const [x, y] = [frame.x / 1000, frame.y / 1000]
    out.bars.push({ x, y: y + 0.25 * frame.down, width: 0.5 * frame.across, height: 0.04 })
    return
  }
  out.marks.push({ char, font, x: frame.x / 1000, y: frame.y / 1000, across: frame.across, down: frame.down })
}
