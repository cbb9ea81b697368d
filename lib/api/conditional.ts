import { hash } from 'node:crypto'
import type { ApiRequest, ApiResponse } from './http.ts'

/**
 * The validator of a JSON text. The age of what it says grows by itself: it is left out, and the validator is then weak, for the bytes are
 * not the same.
 */
export function jsonTag(text: string): string {
  const still = text.replace(/"ageSeconds":[\d.e+-]+/g, '')
  return tagOf(still, { weak: still.length !== text.length })
}

/** A validator made of anything that decides an answer. */
export function tagOf(text: string, { weak = false } = {}): string {
  return `${weak ? 'W/' : ''}"${hash('sha256', text, 'base64url').slice(0, 27)}"`
}

/** The validator of the same answer in a content encoding: other bytes, another tag. */
export function encodedTag(tag: string, encoding: string): string {
  return tag.replace(/"$/, `-${encoding}"`)
}

/**
 * Whether the caller has what would be sent (RFC 9110, 13.2.2): If-None-Match decides where it is there, by the weak comparison;
 * If-Modified-Since else.
 */
export function isFresh(headers: ApiRequest['headers'], validators: { etag?: string; modified?: Date }): boolean {
  const { etag, modified } = validators
  const noneMatch = headers['if-none-match']
  if (noneMatch !== undefined) {
    if (noneMatch.trim() === '*') return true
    return etag !== undefined && opaqueTags(noneMatch).includes(opaque(etag))
  }
  const since = headers['if-modified-since']
  if (since === undefined || modified === undefined) return false
  const at = Date.parse(since)
  // the header has whole seconds
  return !Number.isNaN(at) && Math.floor(modified.getTime() / 1_000) * 1_000 <= at
}

/** At most a hundred tags are looked at. */
function opaqueTags(list: string): string[] {
  return [...list.matchAll(/(?:W\/)?"[^"]*"/g)].slice(0, 100).map(([tag]) => opaque(tag))
}

const opaque = (tag: string) => tag.replace(/^W\//, '').replace(/-(gzip|br)"$/, '"')

/** 304 with the headers that the whole answer would have had, as far as they say something about a kept copy. */
export function notModified(headers: Record<string, string>): ApiResponse {
  const kept = Object.entries(headers).filter(
    ([name]) => !/^content-(?!location)|^(transfer-encoding|accept-ranges)$/.test(name),
  )
  return { status: 304, headers: Object.fromEntries(kept) }
}
