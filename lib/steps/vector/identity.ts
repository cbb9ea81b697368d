import { createHash } from 'node:crypto'
import type { Facets } from '../../stores/vectors/port.ts'
import type { Chunk } from './chunks/model.ts'

/** Namespace of the ids of points: any UUID, fixed for ever. */
const namespace = Buffer.from('6f0c7b1a6d2b4f5e9a3c8e1d2b7f4a90', 'hex')

/** Id of a point: UUIDv5 of all that makes it. The same chunk twice in a document has two, by its `occurrence`. */
export function pointId(document: string, chunk: Chunk, embedded: string, facets: Facets, occurrence: number): string {
  const content = JSON.stringify([
    document,
    embedded,
    chunk.kind,
    chunk.places,
    Object.entries(facets).sort(([one], [other]) => (one < other ? -1 : 1)),
    occurrence,
    ...(chunk.task === undefined ? [] : [chunk.task]),
  ])
  return uuid(createHash('sha1').update(namespace).update(content).digest(), 5)
}

/** Hash of a text that is embedded, as long as a UUID: the same text takes the same vector. */
export function textHash(embedded: string): string {
  return uuid(createHash('sha256').update(embedded).digest(), 8)
}

function uuid(hash: Buffer, version: number): string {
  const bytes = Buffer.from(hash.subarray(0, 16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4)
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
