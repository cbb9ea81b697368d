import type { Span } from './quote.ts'

/** How a span speaks to a model. */
export type InstructionKind =
  | 'override'
  | 'role'
  | 'output'
  | 'secrecy'
  | 'persona'
  | 'tool'
  | 'encoded'
  | 'leak'
  | 'fence'

/** A span that talks to a model rather than to a reader. */
export interface InstructionSpan extends Span {
  kind: InstructionKind
}

/** Spans that talk to a model, in order, not overlapping. Meant to be precise: a regulation that tells a utility what to do is none. */
export function instructionSpans(_text: string): InstructionSpan[] {
  return []
}
