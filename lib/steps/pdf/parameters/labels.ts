import { fold } from '../../../fold.ts'
import type { EquipmentKind } from './model.ts'
import { classLabels, type Entry, vocabulary } from './vocabulary.ts'

/** A label in small letters without accents, footnotes, units and punctuation, as words. */
export function tokens(label: string): string[] {
  return fold(label)
    .replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹]+\)?/gu, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\(([^)]{1,8})\)/g, (whole, inside: string) => (unitOnly.test(inside.trim()) ? ' ' : whole))
    .replace(/η/gu, ' eta ')
    .replace(/γ/gu, ' gamma ')
    .toLowerCase()
    .replace(/[^a-z0-9%]+/g, ' ')
    .trim()
    .split(' ')
    .filter((word) => word !== '')
}

const unitOnly = /^(?:k?Wp?|k?VA|V(?:dc|ac)?|A(?:dc|ac)?|%|mm|cm|m|kg|lbs?|°\s?C|°\s?F|K|Hz|%\s?\/\s?(?:K|°\s?C))$/i

interface Phrase {
  entry: Entry
  words: string[]
  not: string[][]
}

/** Words that carry no meaning of their own. */
const stop = ['of', 'the', 'at', 'de', 'da', 'do', 'das', 'dos', 'na', 'em', 'for', 'with', 'and', 'e']

/** Other forms of a word. */
const synonyms: Readonly<Record<string, string>> = {
  maximum: 'max',
  maximal: 'max',
  maxima: 'max',
  maximo: 'max',
  minimum: 'min',
  minima: 'min',
  minimo: 'min',
  mpp: 'mppt',
  mppts: 'mppt',
  strings: 'string',
  trackers: 'tracker',
  inputs: 'input',
  entradas: 'entrada',
  number: 'no',
  numero: 'no',
  quantidade: 'no',
  n: 'no',
  coef: 'coefficient',
  coeff: 'coefficient',
  coefficients: 'coefficient',
  coeficiente: 'coefficient',
  coeficientes: 'coefficient',
  vmpp: 'vmp',
  umpp: 'vmp',
  impp: 'imp',
  pmpp: 'pmax',
  pmp: 'pmax',
  lsc: 'isc',
  celulas: 'celula',
  cells: 'cell',
  dimensions: 'dimension',
  dimensoes: 'dimensao',
  startup: 'start',
}

const stem = (word: string) => synonyms[word] ?? word

const phrases: readonly Phrase[] = vocabulary.flatMap((entry) =>
  entry.phrases.map((phrase) => ({
    entry,
    words: [
      ...new Set(
        phrase
          .split(' ')
          .filter((word) => !stop.includes(word))
          .map(stem),
      ),
    ],
    not: (entry.not ?? []).map((word) => word.split(' ').map(stem)),
  })),
)

/** A label of which less is explained speaks of something else. */
const leastShare = 0.3

/** The entry that a label names, and how much of the label it explains (0 to 1); undefined when it names none. */
export function entryOf(label: string, kind?: EquipmentKind): { entry: Entry; share: number } | undefined {
  const words = tokens(label).filter((word) => !stop.includes(word))
  if (words.length === 0 || words.length > 16) return undefined
  const set = new Set(words.map(stem))
  let best: { entry: Entry; score: number } | undefined
  for (const { entry, words: wanted, not } of phrases) {
    if (kind !== undefined && entry.kind !== 'both' && entry.kind !== kind) continue
    if (best !== undefined && wanted.length <= best.score) continue
    if (!wanted.every((word) => set.has(word))) continue
    if (not.some((parts) => parts.every((part) => set.has(part)) && !parts.every((part) => wanted.includes(part))))
      continue
    best = { entry, score: wanted.length }
  }
  // W x H x D
  const size = [...set].filter((word) => word.length > 1 || /^\d$/.test(word)).length
  if (best === undefined || best.score < leastShare * size) return undefined
  return { entry: best.entry, share: Math.min(1, best.score / Math.max(1, size)) }
}

/** Whether a label says that its row names models or classes. */
export function namesClasses(label: string): boolean {
  const text = tokens(label).join(' ')
  return classLabels.includes(text)
}
