import { createHash } from 'node:crypto'

/** A model that the double says it has. Left out: a chat model, or one that embeds where the name says so. */
export interface DoubleModel {
  /** With or without tag. */
  name: string
  /** Hex SHA-256; by default made from the name. */
  digest?: string
  capabilities?: readonly string[]
  /** Numbers of a vector; 64 where the model embeds. */
  dimensions?: number
  /** Tokens that a question may have; a token is {@link charactersOfToken} characters here. */
  contextTokens?: number
}

/** What the double takes for a token, where it counts them. */
export const charactersOfToken = 4

/** A model with everything filled in, its name with a tag. */
export type WholeModel = Required<DoubleModel>

/** Fills in what was left out. */
export function whole(given: string | DoubleModel): WholeModel {
  const model = typeof given === 'string' ? { name: given } : given
  const name = tagged(model.name)
  const embeds = /embed|bge|minilm|e5/.test(name)
  return {
    digest: createHash('sha256').update(name).digest('hex'),
    capabilities: embeds ? ['embedding'] : ['completion'],
    dimensions: 64,
    contextTokens: 8_192,
    ...model,
    name,
  }
}

/** A name as Ollama reads it: without a tag it is the latest. */
export function tagged(name: string): string {
  return /:[^/]*$/.test(name) ? name : `${name}:latest`
}

/** A vector of length 1 made from the words of a text, so that texts that share words are near each other. */
export function wordVector(text: string, dimensions: number): number[] {
  const vector = new Array<number>(dimensions).fill(0)
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text]
  for (const word of words) {
    const hash = createHash('sha256').update(word).digest()
    for (let at = 0; at < 16; at += 4) {
      const place = hash.readUInt32LE(at) % dimensions
      vector[place] = (vector[place] ?? 0) + (hash.readUInt8(16 + at) % 2 === 0 ? 1 : -1)
    }
  }
  const length = Math.hypot(...vector)
  return vector.map((value) => value / Math.max(length, 1e-12))
}
