import { wrongForm } from './ollama-errors.ts'

/** How much goes into one request. */
export interface BatchLimits {
  texts: number
  characters: number
}

/** Texts in portions, in order. A text that is longer than a portion has one of its own. */
export function* batchesOf(texts: readonly string[], most: BatchLimits): Generator<string[]> {
  let portion: string[] = []
  let characters = 0
  for (const text of texts) {
    if (portion.length > 0 && (portion.length === most.texts || characters + text.length > most.characters)) {
      yield portion
      portion = []
      characters = 0
    }
    portion.push(text)
    characters += text.length
  }
  if (portion.length > 0) yield portion
}

/** What an answer has to be. */
export interface Expected {
  /** How many texts were sent. */
  asked: number
  /** Of the vectors that came before. */
  dimensions: number | undefined
  /** For messages. */
  place: string
}

/** The vectors of an answer to /api/embed. Throws MODEL_ANSWER unless there are as many as asked for, all of finite numbers and one length. */
export function vectorsOf(answer: unknown, { asked, dimensions, place }: Expected): Float32Array[] {
  const rows = typeof answer === 'object' && answer !== null && 'embeddings' in answer ? answer.embeddings : undefined
  if (!Array.isArray(rows)) throw wrongForm({ place }, 'no list of vectors')
  if (rows.length !== asked) throw wrongForm({ place }, `${rows.length} vectors for ${asked} texts`)
  let length = dimensions
  return rows.map((row: unknown) => {
    if (!Array.isArray(row) || row.length === 0) throw wrongForm({ place }, 'a vector without numbers')
    length ??= row.length
    if (row.length !== length) throw wrongForm({ place }, `vectors of ${length} and of ${row.length} numbers`)
    const vector = new Float32Array(row.length)
    for (const [at, value] of row.entries()) {
      // also what is finite only as a double
      if (typeof value !== 'number' || !Number.isFinite(Math.fround(value)))
        throw wrongForm({ place }, 'a vector with something that is no number')
      vector[at] = value
    }
    return vector
  })
}
