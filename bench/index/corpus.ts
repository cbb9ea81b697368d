import { Dice } from '../pdf/generate/random.ts'
import { fill } from './corpus/fill.ts'
import { type Theme, themes } from './corpus/sentences.ts'

/** Which corpus, and which version of it. */
export interface CorpusOptions {
  /** Another seed is another corpus. */
  seed: number
  /** Documents of version 0. */
  documents: number
  /** 0 is the first; each later one differs from the one before by `change`. */
  version?: number
  /** Shares of `documents`, 0 to 1, per version: with one changed paragraph, vanished, new. */
  change?: { changed: number; gone: number; fresh: number }
}

/** A heading and what stands under it: prose, articles or a Markdown table, about 1,000 characters. */
export interface CorpusSection {
  heading: string
  paragraphs: readonly string[]
}

/** A made document of 1 to 5 sections. */
export interface CorpusDocument {
  /** The same in all versions. */
  id: string
  title: string
  url: string
  theme: string
  sections: readonly CorpusSection[]
}

/**
 * Documents of a version in order of their numbers, made one at a time: memory does not grow with their number. The same options give
 * the same bytes. Changes are exact for version 1: `documents * changed` of them, and so on; in later ones those that have already
 * vanished do not change again.
 */
export function* corpus(options: CorpusOptions): Generator<CorpusDocument> {
  const { version = 0, documents, change } = options
  const fresh = change ? Math.round(documents * change.fresh) * version : 0
  for (let number = 0; number < documents + fresh; number++) {
    const revisions = revisionsOf(options, number)
    if (revisions) yield document(options.seed, number, revisions)
  }
}

/** A document as Markdown. */
export function corpusText(document: CorpusDocument): string {
  const sections = document.sections.map((section) => [`## ${section.heading}`, ...section.paragraphs].join('\n\n'))
  return [`# ${document.title}`, ...sections].join('\n\n')
}

/** Versions in which a document got another paragraph; nothing if it has vanished. */
function revisionsOf({ seed, documents, version = 0, change }: CorpusOptions, number: number): number[] | undefined {
  const revisions: number[] = []
  // New ones stay as they came.
  if (!change || number >= documents) return revisions
  for (let at = 1; at <= version; at++) {
    const place = (number * strideOf(documents) + new Dice(seed + at).whole(0, documents - 1)) % documents
    if (place < Math.round(documents * change.gone)) return undefined
    if (place < Math.round(documents * change.gone) + Math.round(documents * change.changed)) revisions.push(at)
  }
  return revisions
}

/** A step that visits each of so many places once, far from each other. */
function strideOf(documents: number): number {
  return [7_919, 104_729, 1].find((stride) => documents % stride !== 0) ?? 1
}

function document(seed: number, number: number, revisions: readonly number[]): CorpusDocument {
  const dice = diceOf(seed, number)
  const theme = dice.pick(themes)
  const title = `${fill(dice.pick(theme.titles), dice)} (processo ${number})`
  const sections = Array.from({ length: dice.whole(1, 5) }, () => section(theme, dice))
  for (const revision of revisions) {
    const other = diceOf(seed, number, revision)
    const at = other.whole(0, sections.length - 1)
    const { heading, paragraphs } = sections[at] ?? section(theme, other)
    const which = other.whole(0, paragraphs.length - 1)
    const changed = paragraphs.map((old, index) => (index === which ? prose(theme, other) : old))
    sections[at] = { heading, paragraphs: changed }
  }
  return {
    id: `doc-${number}`,
    title,
    url: `https://dados.example/${theme.name}/${number}`,
    theme: theme.name,
    sections,
  }
}

function section(theme: Theme, dice: Dice): CorpusSection {
  const heading = fill(dice.pick(theme.headings), dice)
  const shape = dice.whole(1, 10)
  if (shape <= 2) return { heading, paragraphs: [prose(theme, dice), table(theme, dice)] }
  if (shape <= 5) {
    const first = dice.whole(1, 400)
    const articles = Array.from({ length: 4 }, (_, index) => `Art. ${first + index}. ${sentences(theme, dice, 3)}`)
    return { heading, paragraphs: articles }
  }
  return { heading, paragraphs: [prose(theme, dice), prose(theme, dice), prose(theme, dice)] }
}

const prose = (theme: Theme, dice: Dice): string => sentences(theme, dice, 4)

function sentences(theme: Theme, dice: Dice, count: number): string {
  return Array.from({ length: count }, () => fill(dice.pick(theme.sentences), dice)).join(' ')
}

function table(theme: Theme, dice: Dice): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rows = Array.from({ length: dice.whole(8, 14) }, () => line(theme.table.row.map((cell) => fill(cell, dice))))
  return [line(theme.table.columns), line(theme.table.columns.map(() => '---')), ...rows].join('\n')
}

/** Numbers that belong to a document, or to one revision of it, alone: a document does not depend on those before it. */
function diceOf(seed: number, number: number, revision = 0): Dice {
  return new Dice(seed * 131_071 + number * 61 + revision)
}
