/**
 * Random numbers by index: a value is a hash of (seed, index, salt), never of the rows before it. So any row of any
 * size of file can be made alone, and the same row is the same in every publication.
 */

/** Spreads the bits of a 32-bit number (the finaliser of MurmurHash3). */
export function mix(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A number from 0 to 2^32-1 that depends on all three arguments. */
export function hash(seed: number, index: number, salt = 0): number {
  return mix(Math.imul(index, 0x9e3779b1) ^ mix(seed + Math.imul(salt, 0x7feb352d)))
}

/** A 32-bit seed from a text (FNV-1a), so that datasets of one seed differ. */
export function seedOf(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return mix(h)
}

/** The element that `value` falls on. */
export function pick<T>(list: readonly T[], value: number): T {
  const found = list[value % list.length]
  if (found === undefined) throw new RangeError('pick from an empty list')
  return found
}

/** A version 4 shaped UUID from a text: ids that the portal's real ones are not known for stay the same for ever. */
export function uuidOf(text: string): string {
  let hex = ''
  for (let i = 0; i < 4; i++) hex += hash(seedOf(text), i, i).toString(16).padStart(8, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
