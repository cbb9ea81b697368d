import { setImmediate as turn } from 'node:timers/promises'
import { type InstructionSpan, instructionSpans } from '../grounding/grounding.ts'

/** Characters that are searched in one go, a tenth of a second; then others get their turn. */
const window = 131_072
/** Windows overlap, so that what lies across an edge is seen whole once. */
const overlap = 4_096

/** Where a text of any length speaks to a model: in order, not overlapping. */
export async function instructionsIn(text: string): Promise<InstructionSpan[]> {
  const spans: InstructionSpan[] = []
  for (let start = 0; start < text.length; start += window - overlap) {
    if (start > 0) await turn()
    for (const span of instructionSpans(text.slice(start, start + window))) {
      const next = { ...span, start: span.start + start, end: span.end + start }
      const last = spans.at(-1)
      if (last !== undefined && next.start < last.end) last.end = Math.max(last.end, next.end)
      else spans.push(next)
    }
    if (start + window >= text.length) break
  }
  return spans
}
