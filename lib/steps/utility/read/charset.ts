import { PipelineError } from '../../../errors.ts'

/** The character sets that pages are read in. ISO-8859-1 is read as windows-1252, as browsers do. */
export type Charset = 'utf-8' | 'windows-1252'

const sniffed = 4_096

/**
 * Decodes a page. Byte-order mark, else the recipe's word, else what server or page declare, checked against the bytes; with no
 * declaration the bytes decide. Throws PAGE_CHARSET when the declared set and the bytes contradict each other: guessing would
 * put broken names into tables.
 */
export function decodePage(
  bytes: Uint8Array,
  contentType: string,
  given: Charset | undefined,
): { text: string; charset: Charset } {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return { text: strict(bytes), charset: 'utf-8' }
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, sniffed))
  const declared = /charset\s*=\s*["']?\s*([\w.:-]+)/i.exec(contentType)?.[1] ?? inPage(head)
  const named = declared === undefined ? undefined : known(declared)
  const charset = given ?? named ?? (isUtf8(bytes) ? 'utf-8' : 'windows-1252')
  if (charset === 'utf-8') {
    if (!isUtf8(bytes)) throw contradiction(declared ?? charset, 'the bytes are not valid UTF-8', bytes)
    return { text: strict(bytes), charset }
  }
  if (given === undefined && named !== undefined && !ascii(bytes) && isUtf8(bytes)) {
    throw contradiction(declared ?? charset, 'the bytes are valid UTF-8', bytes)
  }
  return { text: new TextDecoder('windows-1252').decode(bytes), charset }
}

function inPage(head: string): string | undefined {
  return (
    /<meta[^>]+charset\s*=\s*["']?\s*([\w.:-]+)/i.exec(head)?.[1] ??
    /<\?xml[^>]+encoding\s*=\s*["']([\w.:-]+)/i.exec(head)?.[1]
  )
}

function known(name: string): Charset {
  const label = name.toLowerCase()
  if (/^utf-?8$/.test(label)) return 'utf-8'
  if (/^(iso[-_]?8859-?1|latin-?1|windows-1252|cp-?1252|us-ascii|ascii|iso-8859-15)$/.test(label)) return 'windows-1252'
  throw new PipelineError(
    'PAGE_CHARSET',
    `The page declares the character set "${name}"; UTF-8, ISO-8859-1 and windows-1252 are read`,
    { details: { declared: name } },
  )
}

function contradiction(declared: string, fact: string, bytes: Uint8Array): PipelineError {
  const at = bytes.findIndex((byte) => byte > 0x7f)
  const excerpt = new TextDecoder('windows-1252').decode(bytes.subarray(Math.max(0, at - 20), at + 20)).trim()
  return new PipelineError(
    'PAGE_CHARSET',
    `The page is declared as ${declared}, but ${fact} (near "${excerpt}"). If the page is right, set "charset" in the recipe`,
    { details: { declared, fact } },
  )
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    strict(bytes)
    return true
  } catch {
    return false
  }
}

const strict = (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true }).decode(bytes)
const ascii = (bytes: Uint8Array) => !bytes.some((byte) => byte > 0x7f)
