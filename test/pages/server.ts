/** A page as ISO-8859-1: what the set lacks becomes a character reference, the declaration says so. */
export function latin1(html: string): { bytes: Uint8Array; type: string } {
  const text = html
    .replace('<meta charset="utf-8">', '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">')
    .replace(/[^\0-\u00ff]/gu, (char) => `&#${char.codePointAt(0)};`)
  return { bytes: Buffer.from(text, 'latin1'), type: 'text/html; charset=ISO-8859-1' }
}
