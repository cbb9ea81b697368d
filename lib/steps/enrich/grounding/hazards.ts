import type { Span } from './quote.ts'

/** What an answer must not bring along. */
export type HazardKind = 'url' | 'email' | 'html' | 'link' | 'image' | 'role' | 'tool'

/** Something in an answer that its source does not have. */
export interface Hazard extends Span {
  kind: HazardKind
  text: string
}

/** URLs, addresses, markup, role markers and tool calls of an answer that the source does not contain. */
export function outputHazards(_output: string, _source: string): Hazard[] {
  return []
}
