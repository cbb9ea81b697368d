import { billing } from './documents/billing.ts'
import { connection } from './documents/connection.ts'
import { equipment } from './documents/equipment.ts'
import { generation } from './documents/generation.ts'
import { quality } from './documents/quality.ts'
import { tariffs } from './documents/tariffs.ts'
import { taxes } from './documents/taxes.ts'
import type { Passage, SourceDocument } from './form.ts'

/** All documents of the question set. */
export const documents: readonly SourceDocument[] = [
  ...tariffs,
  ...taxes,
  ...generation,
  ...quality,
  ...equipment,
  ...connection,
  ...billing,
]

/** All passages, in the order of their documents. */
export const passages: readonly Passage[] = documents.flatMap((document) => document.passages)

/** A document as Markdown: its title, then a heading and the text of each passage, tables as Markdown tables. */
export function asMarkdown(document: SourceDocument): string {
  const sections = document.passages.map((passage) => `## ${passage.heading}\n\n${withTables(passage.text)}`)
  return [`# ${document.title}`, ...sections].join('\n\n')
}

/** What is indexed of a passage on its own: title and heading above the text, as a chunk of the whole document would carry them. */
export function asText(document: SourceDocument, passage: Passage): string {
  return `${document.title}\n${passage.heading}\n\n${passage.text}`
}

function withTables(text: string): string {
  const out: string[] = []
  let inside = false
  for (const line of text.split('\n')) {
    const row = line.includes(' | ')
    if (row !== inside) out.push('')
    out.push(row ? `| ${line} |` : line)
    if (row && !inside) out.push(`|${' --- |'.repeat(line.split(' | ').length)}`)
    inside = row
  }
  return out.join('\n').trim()
}
