import { readFileSync } from 'node:fs'

/** The languages every node speaks; the first is Node-RED's fallback. */
export const languages = ['en-US', 'pt-BR'] as const
export type Language = (typeof languages)[number]

/** A tree of texts, as Node-RED's catalogues are. */
export interface Texts {
  [key: string]: string | Texts
}

/** A catalogue of one language. */
export class Catalogue {
  readonly texts: Texts
  readonly #where: string

  /** `where` names the file in errors. */
  constructor(texts: Texts, where: string) {
    this.texts = texts
    this.#where = where
  }

  /** The text of a dotted key, if there is one. */
  find(key: string): string | undefined {
    let found: string | Texts | undefined = this.texts
    for (const part of key.split('.')) found = typeof found === 'object' ? found[part] : undefined
    return typeof found === 'string' ? found : undefined
  }

  /** The first of these keys that has a text. Throws, naming the file and the keys, when none has. */
  need(...keys: string[]): string {
    for (const key of keys) {
      const text = this.find(key)
      if (text !== undefined) return text
    }
    throw new Error(`${this.#where} has no text "${keys.join('" or "')}"`)
  }

  /** All dotted keys. */
  keys(): string[] {
    return keysOf(this.texts, '')
  }
}

function keysOf(texts: Texts, prefix: string): string[] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string' ? [prefix + key] : keysOf(value, `${prefix}${key}.`),
  )
}

/** Reads a catalogue file. */
export function readTexts(file: URL): Texts {
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (!isTexts(parsed)) throw new Error(`${file.pathname}: only texts and groups of texts may stand in a catalogue`)
  return parsed
}

function isTexts(value: unknown): value is Texts {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every((inner) => typeof inner === 'string' || isTexts(inner))
}

/** Two trees in one; `over` wins. */
export function merge(under: Texts, over: Texts): Texts {
  const merged: Texts = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key]
    merged[key] = typeof value === 'object' && typeof below === 'object' ? merge(below, value) : value
  }
  return merged
}
