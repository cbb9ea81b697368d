import { extractPdf } from '../../lib/steps/pdf/extract.ts'
import { noScore, type Score } from './score.ts'
import { scanDocuments, type TextDocument, textDocuments } from './text/documents.ts'

/** How well the text of one document was read, word for word and in order. */
export interface TextScore {
  name: string
  scan: boolean
  score: Score
}

/** Scores text in reading order on generated documents, and scans where the optional packages for OCR are installed. */
export async function scoreText(): Promise<TextScore[]> {
  const scores: TextScore[] = []
  for (const document of [...(await textDocuments()), ...(await scanDocuments())]) scores.push(await score(document))
  return scores
}

async function score({ name, bytes, words, scan }: TextDocument): Promise<TextScore> {
  const { result } = await extractPdf({ bytes }, scan ? { ocr: {} } : {})
  const found = result.flatMap(({ text }) =>
    text.paragraphs
      .filter(({ role }) => role !== 'header' && role !== 'footer' && role !== 'furniture')
      .flatMap((paragraph) => paragraph.text.split(/\s+/)),
  )
  const right = inOrder(words, found)
  const failures = words.filter((word) => !found.includes(word)).map((word) => `missing: ${word}`)
  return {
    name,
    scan,
    score: { ...noScore(), right, missed: words.length - right, wrong: found.length - right, failures },
  }
}

/** How many words both have in the same order: the longest common subsequence. */
function inOrder(a: readonly string[], b: readonly string[]): number {
  let above = new Uint32Array(b.length + 1)
  for (const word of a) {
    const row = new Uint32Array(b.length + 1)
    for (const [at, other] of b.entries()) {
      row[at + 1] = word === other ? (above[at] ?? 0) + 1 : Math.max(above[at + 1] ?? 0, row[at] ?? 0)
    }
    above = row
  }
  return above.at(-1) ?? 0
}
