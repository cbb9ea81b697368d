import type { CheckLanguage } from '../../flow-check/rule.ts'
import { type DiagnosticCode, texts, warnings } from './texts.ts'

export type { CheckLanguage, DiagnosticCode }

/** Where in the flow something is wrong. */
export interface Place {
  node: string
  name: string
  type: string
  tab: string
}

/** Something that keeps a flow from being compiled (`error`), or that other engines do otherwise (`warning`). */
export interface Diagnostic extends Place {
  code: DiagnosticCode
  severity: 'error' | 'warning'
  /** What fills the words in. */
  values: Readonly<Record<string, string>>
}

/** A {@link Diagnostic} in words. */
export interface WordedDiagnostic extends Place {
  code: string
  severity: 'error' | 'warning'
  reason: string
  remedy: string
}

/** Collects what is found; the same thing about the same node is told once. */
export class Diagnostics {
  readonly #found = new Map<string, Diagnostic>()

  add(code: DiagnosticCode, place: Place, values: Readonly<Record<string, string>> = {}): void {
    const key = JSON.stringify([code, place.node, values])
    if (this.#found.has(key)) return
    this.#found.set(key, { code, severity: warnings.has(code) ? 'warning' : 'error', ...place, values })
  }

  /** Errors first, else as they were found. */
  get all(): Diagnostic[] {
    const found = [...this.#found.values()]
    return [
      ...found.filter(({ severity }) => severity === 'error'),
      ...found.filter(({ severity }) => severity !== 'error'),
    ]
  }

  get failed(): boolean {
    return [...this.#found.values()].some(({ severity }) => severity === 'error')
  }
}

/** A diagnostic in a language. */
export function worded({ values, ...diagnostic }: Diagnostic, language: CheckLanguage = 'en-US'): WordedDiagnostic {
  const { reason, remedy } = texts[language][diagnostic.code]
  const filled = (words: string) => words.replaceAll(/__(\w+?)__/g, (whole, name: string) => values[name] ?? whole)
  return { ...diagnostic, reason: filled(reason), remedy: filled(remedy) }
}
