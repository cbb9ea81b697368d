import { createHash } from 'node:crypto'

/** The namespace of the pipeline's run ids (a random UUID, fixed for ever). */
const runs = '6f0e4c0a-2b1d-4f8b-9a57-0d3c7e5b8a41'

/** UUIDv5 (RFC 9562, 5.5): the same name gives the same id on every machine. */
export function uuid5(namespace: string, name: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name, 'utf8')
    .digest()
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6)
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = hash.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}

/** The id of the run of `flow` for `slot`: two processes that fire the same slot make the same run. */
export function runId(flow: string, slot: string): string {
  return uuid5(runs, JSON.stringify([flow, slot]))
}

/**
 * JSON with sorted keys and without undefined properties, so that equal values give equal text (the order of RFC 8785; numbers
 * and strings as JSON.stringify writes them).
 */
export function canonicalJson(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === 'object' && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
        : part,
    ) ?? 'null'
  )
}

/** SHA-256 of a value's canonical JSON, in hexadecimal. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}

/** The path of an item below `parent` ('' at the top). Keys are encoded, so a `/` inside one is not a level. */
export function itemPath(parent: string, key: string): string {
  const segment = encodeURIComponent(key)
  return parent === '' ? segment : `${parent}/${segment}`
}

/** The path around an item ('' for a top-level one) and the item's own key. */
export function splitPath(item: string): { parent: string; key: string } {
  const cut = item.lastIndexOf('/')
  return { parent: item.slice(0, Math.max(cut, 0)), key: decodeURIComponent(item.slice(cut + 1)) }
}
