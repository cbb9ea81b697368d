import type { DiagnosticCode, Place } from './diagnostics.ts'
import type { Environment } from './environment.ts'
import type { Ref } from './flow.ts'

/** Reads settings that must be known when compiling, and tells what is wrong with them. */
export class Settings {
  readonly #environment: Environment
  readonly #tell: (code: DiagnosticCode, ref: Ref, values: Record<string, string>) => void

  constructor(
    environment: Environment,
    tell: (code: DiagnosticCode, ref: Ref, values: Record<string, string>) => void,
  ) {
    this.#environment = environment
    this.#tell = tell
  }

  /** A number, also as text or from the environment; blank gives the default. */
  number(ref: Ref, property: string, fallback: number, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}): number {
    const raw = this.#filled(ref, property)
    if (raw === undefined) return fallback
    const text = typeof raw === 'string' ? raw.trim() : raw
    if (text === '' || text === null) return fallback
    const number = Number(text)
    if (Number.isFinite(number) && number >= min && number <= max) return number
    this.#tell('VALUE', ref, { property, wanted: `number from ${min}`, value: String(raw) })
    return fallback
  }

  /** A text, also from the environment; blank gives the default. */
  text(ref: Ref, property: string, fallback: string): string {
    const raw = this.#filled(ref, property)
    if (raw === undefined || raw === null || raw === '') return fallback
    return typeof raw === 'string' ? raw : String(raw)
  }

  /** One of some words. */
  word<const W extends string>(ref: Ref, property: string, words: readonly W[], fallback: W): W {
    const text = this.text(ref, property, fallback)
    const word = words.find((one) => one === text)
    if (word === undefined) this.#tell('VALUE', ref, { property, wanted: words.join('|'), value: text })
    return word ?? fallback
  }

  #filled(ref: Ref, property: string): unknown {
    const raw = this.#environment.localised(ref.node[property], ref)
    const variable = typeof raw === 'string' ? /^\$\{([^}]+)\}$/.exec(raw)?.[1] : undefined
    if (variable === undefined) return raw
    const value = this.#environment.value(variable, ref)
    if (value === undefined) this.#tell('ENV_UNKNOWN', ref, { property, variable })
    return value
  }
}

/** Adds a diagnostic about a node. */
export type Tell = (code: DiagnosticCode, place: Ref | Place, values?: Record<string, string>) => void
