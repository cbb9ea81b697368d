import { createHash } from 'node:crypto'
import type { LayoutChange } from './report.ts'
import { fold } from './text.ts'

/** What a page's layout is told by: of each thing that the recipe reads, where it stands and how it is built. Plain JSON. */
export interface Layout {
  tables: Record<string, TableLayout>
  /** Columns of fields that were found. */
  fields: string[]
  prose: Record<string, { heading: string; statements: number }>
}

/** How one table is built. Values are no part of it, nor labels that are data themselves. */
export interface TableLayout {
  heading: string
  header: string[]
  /** Column of each label and value, by its name in the recipe. */
  places: Record<string, number>
  /** Texts of the rows that the recipe knows by name, in the page's order; without such rows the words of labels with a map. */
  rows: string[]
  /** Sections that have rows. */
  sections: string[]
  /** Words around it that say what its values are, such as "sem tributos" or "anterior". */
  terms: string[]
  /** Cells that say "there is no such value", by row, or how many where rows have no lasting name. */
  absent: Record<string, string>
}

const month = 'janeiro|fevereiro|marco|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro'
const passing = [
  /\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b/g,
  /\b(?:\d{1,2}|jan|fev|mar|abr|mai|jun|jul|ago|set|out|nov|dez)[/.-](?:\d{4}|\d{2})\b/gi,
  new RegExp(`\\b(?:\\d{1,2}[ºo]? de )?(?:${month})(?: de)?(?:\\s+\\d{4})?\\b`, 'gi'),
  /\bn[ºo°.]+\s*[\d.]+(?:\/\d{2,4})?/gi,
  /\b(?:19|20)\d\d\b/g,
]

/** A heading without what changes with each publication: dates, months, years, numbers of resolutions. */
export function lasting(text: string): string {
  return passing.reduce((left, expression) => left.replace(expression, '#'), fold(text)).toLowerCase()
}

const telling = new RegExp(
  [
    '\\b(?:com|sem|inclu\\w+|exclu\\w+|acrescid\\w+|livres?)(?: \\w+){0,2} (?:tribut\\w+|impost\\w+|icms|pis\\w*|cofins|bandeiras?)',
    '\\b(?:anterior(?:es)?|antig[ao]s?|revogad[ao]s?|propost[ao]s?|encerrad[ao]s?|suspens[ao]s?|provisori[ao]s?|projetad[ao]s?)\\b',
    '\\b(?:medi[ao]s?|minim[ao]s?|maxim[ao]s?|descontos?|subsidi\\w+|isent[ao]s?)\\b',
  ].join('|'),
  'gi',
)

/** Words that say what values are: whether taxes are in them, whether they are in force. Each once, in order of the alphabet. */
export function termsOf(texts: readonly string[]): string[] {
  const found = texts.flatMap((text) => fold(text).toLowerCase().match(telling) ?? [])
  return [...new Set(found)].sort()
}

/** SHA-256 over a layout. */
export function fingerprint(layout: Layout): string {
  return createHash('sha256').update(JSON.stringify(layout)).digest('hex')
}

const mostChanges = 50

/** What is different, at most 50 lines of it. */
export function layoutChanges(was: Layout, is: Layout): LayoutChange[] {
  const [before, now] = [flat(was), flat(is)]
  const places = [...new Set([...before.keys(), ...now.keys()])]
  return places
    .filter((where) => before.get(where) !== now.get(where))
    .slice(0, mostChanges)
    .map((where) => ({ where, was: before.get(where) ?? '', is: now.get(where) ?? '' }))
}

/** The changes in one sentence. */
export function sayChanges(changes: readonly LayoutChange[]): string {
  const say = ({ where, was, is }: LayoutChange) =>
    was === ''
      ? `${where} is new: "${is}"`
      : is === ''
        ? `${where} is gone: "${was}"`
        : `${where} was "${was}", is "${is}"`
  const more = changes.length > 3 ? `, and ${changes.length - 3} more` : ''
  return changes.slice(0, 3).map(say).join('; ') + more
}

function flat(value: unknown, where = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null) {
    const list = Array.isArray(value)
    for (const [key, inner] of Object.entries(value)) {
      const name = list ? String(Number(key) + 1) : key
      flat(inner, where === '' ? name : `${where} ${name}`, into)
    }
  } else into.set(where, String(value))
  return into
}
