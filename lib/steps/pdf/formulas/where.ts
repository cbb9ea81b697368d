import type { Box } from '../read/model.ts'
import type { Segment } from './segments.ts'

const intro = /^(?:onde|sendo|em que|no qual|na qual|nos quais|nas quais|com|where|in which|with|being)\b/i
const entry = /^.{1,24}?\s?(?:=|:|–|-|é|is)\s/
const longest = 1_500
const mostLines = 40

interface Line {
  text: string
  baseline: number
  left: number
  bottom: number
  size: number
}

/** The list of variables under a formula: from "onde:" to where it ends. Other formulas may stand between. */
export function whereAfter(segments: readonly Segment[], box: Box, others: readonly Box[]): string | undefined {
  const lines = linesOf(
    segments.filter((one) => one.baseline > box.bottom && !others.some((other) => within(one, other))),
  )
  const first = lines[0]
  if (first === undefined || !intro.test(first.text)) return undefined
  const out = [first.text]
  let length = first.text.length
  let last = first
  for (const line of lines.slice(1, mostLines)) {
    const far = line.baseline - last.baseline > 2.9 * line.size
    const starts = entry.test(line.text)
    const numbered = /^(?:\d+(?:\.\d+)+|[a-z]\))\s/.test(line.text)
    if (far || numbered || (!starts && line.baseline - last.baseline > 1.5 * line.size) || length > longest) break
    out.push(line.text)
    length += line.text.length + 1
    last = line
  }
  return out.join('\n').slice(0, longest)
}

const within = (one: Segment, box: Box): boolean =>
  one.left < box.right && one.right > box.left && one.baseline > box.top && one.baseline - one.size < box.bottom

/** Joins segments to the lines that a reader sees; small ones fall into the line they stand at. */
function linesOf(segments: readonly Segment[]): Line[] {
  const sorted = segments.toSorted((a, b) => a.baseline - b.baseline)
  const lines: { parts: Segment[]; baseline: number; size: number }[] = []
  for (const one of sorted.slice(0, 400)) {
    const line = lines.at(-1)
    if (line !== undefined && one.baseline - line.baseline < 0.4 * Math.max(one.size, line.size)) line.parts.push(one)
    else lines.push({ parts: [one], baseline: one.baseline, size: one.size })
  }
  return lines.map(({ parts, baseline }) => {
    const ordered = parts.toSorted((a, b) => a.left - b.left)
    let text = ''
    let end = Infinity
    for (const part of ordered) {
      text += (part.left - end > 0.15 * part.size ? ' ' : '') + part.text
      end = part.right
    }
    return {
      text,
      baseline,
      left: ordered[0]?.left ?? 0,
      bottom: Math.max(...parts.map((part) => part.bottom)),
      size: Math.max(...parts.map((part) => part.size)),
    }
  })
}
