import type { SourceDocument } from './form.ts'

/**
 * Ids of the passages that a chunk of a whole document holds, in the order of the document: those of which it has at least half; if
 * there is none, the one of which it has most. So chunkers that cut or join sections can be scored too; a chunk with several passages
 * takes as many places of the ranking.
 */
export function passagesIn(document: SourceDocument, chunk: string): string[] {
  const runs = runsOf(chunk)
  const shares = document.passages.map((passage) => {
    const own = [...runsOf(passage.text)]
    return { id: passage.id, share: own.filter((run) => runs.has(run)).length / own.length }
  })
  const held = shares.filter((each) => each.share >= 0.5)
  if (held.length > 0) return held.map((each) => each.id)
  const [most] = shares.filter((each) => each.share > 0).sort((a, b) => b.share - a.share)
  return most ? [most.id] : []
}

/** Runs of four words; layout and marks of tables do not count. */
function runsOf(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  return new Set(words.slice(3).map((_, index) => words.slice(index, index + 4).join(' ')))
}
