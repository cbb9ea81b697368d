/** What a model must not change: the facts of a text, and what of them an output made up, changed or lost. */
export { type CompareOptions, type Lost, lost, type Unfounded, unfounded } from './compare.ts'
export { factsOf } from './extract.ts'
export type { Fact, FactKind, FactLanguage, Reading } from './fact.ts'
