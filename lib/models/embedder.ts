/**
 * Turns texts into vectors of one space. Vectors of different `id`s must never be compared: an index says which one it was made with.
 */
export interface Embedder {
  /** The model and what else decides the numbers: `lexical-hash-v1`, `ollama:bge-m3@sha256:…`. */
  readonly id: string
  readonly dimensions: number
  /** False where the vectors know only the letters of words, not what they mean. */
  readonly semantic: boolean
  /** Vectors of length 1, in order. Questions and documents may be embedded differently. Throws what {@link LanguageModel} throws. */
  embed(
    texts: readonly string[],
    as: 'document' | 'question',
    options: { signal: AbortSignal; onProgress?(done: number): void },
  ): Promise<Float32Array[]>
}
