import type { Block } from './model.ts'
import { isPlainHeading, namedRank, Outline } from './outline.ts'

/** Blocks of plain text or Markdown. Fenced code stays one paragraph; lines of a Markdown table become a table. */
export function* textBlocks(text: string): Generator<Block> {
  const outline = new Outline()
  for (const paragraph of paragraphsOf(text)) {
    const markdown = /^(#{1,6})[ \t]+(\S.{0,299}?)[ \t]*#*$/.exec(paragraph)
    if (markdown?.[1] !== undefined && markdown[2] !== undefined) {
      outline.heading(markdown[2], markdown[1].length - 50)
      continue
    }
    if (isPlainHeading(paragraph)) {
      outline.heading(paragraph, namedRank(paragraph) ?? 0)
      continue
    }
    if (paragraph === paragraph.toUpperCase() && outline.title(paragraph)) continue
    const rows = paragraph.length < 1_000_000 ? tableRows(paragraph) : undefined
    if (rows !== undefined) {
      const [header = '', ...lines] = rows
      const article = outline.inArticle
      yield { kind: 'table', headings: outline.headings, header, parts: lines.map((line) => ({ text: line })), article }
      continue
    }
    outline.paragraph(paragraph)
    yield { kind: 'text', headings: outline.headings, parts: [{ text: paragraph }], article: outline.inArticle }
  }
}

/** What stands between blank lines; headings, articles and parts of acts begin a paragraph of their own. */
function* paragraphsOf(text: string): Generator<string> {
  let open: string[] = []
  let fenced = false
  const close = function* (): Generator<string> {
    const paragraph = open.join('\n').trim()
    open = []
    if (paragraph !== '') yield paragraph
  }
  for (const line of text.replaceAll('\r\n', '\n').split('\n')) {
    if (/^\s*(?:```|~~~)/.test(line)) fenced = !fenced
    const alone = !fenced && (/^#{1,6}[ \t]+\S/.test(line) || isPlainHeading(line.trim()))
    const begins = alone || line.trim() === '' || /^\s*art\.?\s*\d/i.test(line)
    if (!fenced && begins) yield* close()
    open.push(line)
    if (alone) yield* close()
  }
  yield* close()
}

/** The rows of a Markdown table, header first, without its rule; undefined for anything else. */
function tableRows(paragraph: string): string[] | undefined {
  const lines = paragraph.split('\n')
  if (lines.length < 3 || !lines.every((line) => line.trimStart().startsWith('|'))) return undefined
  if (!/^\s*\|[\s:|-]+$/.test(lines[1] ?? '')) return undefined
  return lines
    .filter((_, at) => at !== 1)
    .map((line) =>
      line
        .trim()
        .replace(/^\||\|$/g, '')
        .trim(),
    )
}
