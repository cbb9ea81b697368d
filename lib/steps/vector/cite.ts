import type { Hit } from './search-schema.ts'

/** Bytes of JSON that all hits may have together: a step's answer is journalled, 64 KiB at most, and the context comes on top. */
const mostBytes = 40_000

/** As many of the hits, from the first on, as fit a message. */
export function fitting(hits: readonly Hit[]): Hit[] {
  let bytes = 0
  const kept: Hit[] = []
  for (const hit of hits) {
    bytes += Buffer.byteLength(JSON.stringify(hit))
    if (bytes > mostBytes && kept.length > 0) break
    kept.push(hit)
  }
  return kept
}

/** The hits as numbered text, each with where it stands, whole ones only while they fit; for the prompt of a model. */
export function contextOf(hits: readonly Hit[], most: number): string {
  let text = ''
  for (const hit of hits) {
    const next = `${text === '' ? '' : '\n\n'}[${hit.number}] ${placeOf(hit)}\n${hit.text}`
    if (text.length + next.length > most) {
      // something is better than nothing, when the first alone is too long
      return text === '' ? next.slice(0, most) : text
    }
    text += next
  }
  return text
}

function placeOf({ citation: { title, page, task }, headings }: Hit): string {
  return [
    task === undefined ? title : `${title} (model: ${task})`,
    ...(page === undefined ? [] : [`p. ${page}`]),
    ...headings,
  ].join(', ')
}
