import { PipelineError } from '../../errors.ts'

const MAX_KEY_BYTES = 1024
const MAX_NAME_BYTES = 255
const MAX_PAGE = 1000
const MAX_METADATA_BYTES = 2048
const plain = /^[a-z0-9_=+,@~.-]+$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const control = /[\u0000-\u001f\u007f]/

/**
 * The segments of a key that every adapter takes; throws OBJECT_KEY for any other: 1 to 1,024 bytes of UTF-8, segments
 * parted by `/`, none of them empty, `.` or `..`, no control character, no backslash, and each segment at most 255 bytes
 * as {@link segmentName} writes it. A key that is the folder of another (`a` beside `a/b`) is refused by the folder store.
 */
export function checkKey(key: string): string[] {
  checkText(key, 'An object key')
  if (key === '') throw new PipelineError('OBJECT_KEY', 'An object key must have at least one byte')
  const segments = key.split('/')
  for (const segment of segments) checkSegment(segment, key)
  return segments
}

/** The whole segments that a list prefix begins with; the part after its last `/` may be anything. Throws OBJECT_KEY. */
export function checkPrefix(prefix: string): string[] {
  checkText(prefix, 'A list prefix')
  const segments = prefix.split('/').slice(0, -1)
  for (const segment of segments) checkSegment(segment, prefix)
  return segments
}

/** How many objects a page has: 1 to 1,000, by default 1,000. Throws OBJECT_LIMIT. */
export function pageLimit(limit = MAX_PAGE): number {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_PAGE) {
    throw new PipelineError('OBJECT_LIMIT', `A page has 1 to ${MAX_PAGE} objects, not ${limit}`)
  }
  return limit
}

function checkText(text: string, what: string): void {
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_KEY_BYTES) {
    throw new PipelineError('OBJECT_KEY', `${what} has at most ${MAX_KEY_BYTES} bytes, not ${bytes}`)
  }
  if (!text.isWellFormed())
    throw new PipelineError('OBJECT_KEY', `${what} must be well-formed Unicode: ${quoted(text)}`)
  if (control.test(text)) throw new PipelineError('OBJECT_KEY', `${what} has no control characters: ${quoted(text)}`)
  if (text.includes('\\')) throw new PipelineError('OBJECT_KEY', `${what} has no backslash: ${quoted(text)}`)
}

function checkSegment(segment: string, key: string): void {
  if (segment === '') throw new PipelineError('OBJECT_KEY', `An object key has no empty segment: ${quoted(key)}`)
  if (segment === '.' || segment === '..') {
    throw new PipelineError('OBJECT_KEY', `An object key has no segment "." or "..": ${quoted(key)}`)
  }
  const bytes = segmentName(segment).length
  if (bytes > MAX_NAME_BYTES) {
    throw new PipelineError(
      'OBJECT_KEY',
      `A segment of an object key has at most ${MAX_NAME_BYTES} bytes as a file name, not ${bytes} (capitals and non-ASCII bytes count three): ${quoted(key)}`,
    )
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
}

/**
 * A key's segment as a file name: lower-case ASCII letters, digits and `_=+,@~.-` stand for themselves, every other byte
 * is `%` and two hex digits, and so are a dot at either end. Capitals are escaped so that two keys never meet in one file
 * where the file system ignores case or normalises Unicode; a first dot is, so that the store's own folder is no key.
 */
export function segmentName(segment: string): string {
  if (plain.test(segment) && !segment.startsWith('.') && !segment.endsWith('.')) return segment
  const bytes = Buffer.from(segment)
  let name = ''
  for (const [index, byte] of bytes.entries()) {
    const character = String.fromCharCode(byte)
    const edgeDot = character === '.' && (index === 0 || index === bytes.length - 1)
    name += byte < 0x80 && plain.test(character) && !edgeDot ? character : `%${byte.toString(16).padStart(2, '0')}`
  }
  return name
}

/** The segment that {@link segmentName} made `name` of; undefined when it made it of none (a stranger's file). */
export function nameSegment(name: string): string | undefined {
  if (plain.test(name) && !name.startsWith('.') && !name.endsWith('.')) return name
  if (!/^(?:[a-z0-9_=+,@~.-]|%[0-9a-f]{2})+$/.test(name)) return undefined
  try {
    const segment = decodeURIComponent(name)
    return segmentName(segment) === name ? segment : undefined
  } catch {
    return undefined // escapes that are no UTF-8: not ours
  }
}

/** Orders keys by their UTF-8 bytes, as S3 lists them (JavaScript's own order differs beyond U+FFFF). */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left === right) continue
    const leftHigh = left >= 0xd800 && left <= 0xdfff
    const rightHigh = right >= 0xd800 && right <= 0xdfff
    return leftHigh === rightHigh ? left - right : leftHigh ? 1 : -1
  }
  return a.length - b.length
}

/** Throws OBJECT_METADATA unless content type and metadata are what S3 takes too: header-safe and at most 2 KiB. */
export function checkMetadata(contentType: string | undefined, metadata: Record<string, string>): void {
  if (contentType !== undefined && !/^[\x20-\x7e]{1,255}$/.test(contentType)) {
    throw new PipelineError(
      'OBJECT_METADATA',
      `A content type is 1 to 255 printable ASCII characters: ${quoted(contentType)}`,
    )
  }
  let bytes = 0
  for (const [name, value] of Object.entries(metadata)) {
    if (!/^[a-z0-9][a-z0-9_.-]*$/.test(name)) {
      throw new PipelineError(
        'OBJECT_METADATA',
        `A metadata name is lower-case letters, digits and "_.-", beginning with a letter or digit: ${quoted(name)}`,
      )
    }
    if (typeof value !== 'string' || control.test(value) || !value.isWellFormed()) {
      throw new PipelineError(
        'OBJECT_METADATA',
        `The metadata value of "${name}" must be text without control characters`,
      )
    }
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
  }
  if (bytes > MAX_METADATA_BYTES) {
    throw new PipelineError('OBJECT_METADATA', `Metadata has at most ${MAX_METADATA_BYTES} bytes in all, not ${bytes}`)
  }
}
