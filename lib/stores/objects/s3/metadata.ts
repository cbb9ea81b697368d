import { PipelineError } from '../../../errors.ts'

/** What S3 says of an object that was put without a content type, and what we send in that case. */
export const noContentType = 'binary/octet-stream'

const maxBytes = 2048
const word = /^=\?UTF-8\?B\?([A-Za-z0-9+/=]*)\?=$/i
const plain = /^(?!=\?)[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

/**
 * Metadata as headers carry it. What is not printable ASCII, or would lose blanks at its ends, is written as RFC 2047 says, which S3's own
 * console reads. Throws OBJECT_METADATA where that takes more than S3's 2 KiB.
 */
export function encodeMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const encoded = Object.entries(metadata).map(([name, value]): [string, string] => [
    name,
    plain.test(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`,
  ])
  const bytes = encoded.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  if (bytes > maxBytes) {
    throw new PipelineError(
      'OBJECT_METADATA',
      `Metadata has at most ${maxBytes} bytes in all as S3 keeps it, not ${bytes} (other than ASCII counts more)`,
    )
  }
  return Object.fromEntries(encoded)
}

/** Metadata as it was before {@link encodeMetadata}. */
export function decodeMetadata(metadata: Readonly<Record<string, string>> | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, value]) => {
      const encoded = word.exec(value)?.[1]
      return [name.toLowerCase(), encoded === undefined ? value : Buffer.from(encoded, 'base64').toString('utf8')]
    }),
  )
}
