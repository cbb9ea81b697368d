import type { CheckLanguage, RuleText } from '../flow-check/rule.ts'
import type { Place } from './plan/diagnostics.ts'

/** What a target cannot do (`error`) or does otherwise (`warning`). */
export interface Note<Code extends string = string> extends Place {
  code: Code
  severity: 'error' | 'warning'
  reason: string
  remedy: string
}

/** Collects the notes of one emission, each once. */
export class NoteBook<Code extends string> {
  readonly all: Note<Code>[] = []
  readonly #texts: Record<Code, RuleText>
  readonly #errors: ReadonlySet<Code>
  readonly #told = new Set<string>()

  /** `errors`: codes with which nothing is made. */
  constructor(
    texts: Record<CheckLanguage, Record<Code, RuleText>>,
    errors: ReadonlySet<Code>,
    language: CheckLanguage = 'en-US',
  ) {
    this.#texts = texts[language]
    this.#errors = errors
  }

  add(code: Code, { node, name, type, tab }: Place, values: Readonly<Record<string, string | number>> = {}): void {
    const key = JSON.stringify([code, node])
    if (this.#told.has(key)) return
    this.#told.add(key)
    const { reason, remedy } = this.#texts[code]
    const filled = (words: string) =>
      words.replaceAll(/__(\w+?)__/g, (whole, of: string) => String(values[of] ?? whole))
    const severity = this.#errors.has(code) ? 'error' : 'warning'
    this.all.push({ code, severity, node, name, type, tab, reason: filled(reason), remedy: filled(remedy) })
  }
}
