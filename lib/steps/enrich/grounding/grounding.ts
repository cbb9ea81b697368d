/** What an answer rests on, and what in a text speaks to the model instead of the reader. */
export { type Hazard, type HazardKind, outputHazards } from './hazards.ts'
export { type InstructionKind, type InstructionSpan, instructionSpans } from './instructions.ts'
export { findQuote, type QuoteFinder, quoteFinder, type Span } from './quote.ts'
export { type GroundedValue, type RestOptions, valueRestsOn } from './value.ts'
export { type Hidden, type HiddenKind, visibleText } from './visible.ts'
