/** First bytes of what is sometimes saved as .pdf. */
const signatures: [start: string, what: string][] = [
  ['PK\u0003\u0004', 'a ZIP archive (perhaps a Word or Excel file)'],
  ['\u00d0\u00cf\u0011\u00e0', 'an old Word or Excel file'],
  ['\u0089PNG', 'a PNG picture'],
  ['\u00ff\u00d8\u00ff', 'a JPEG picture'],
  ['GIF8', 'a GIF picture'],
  ['II*\u0000', 'a TIFF picture'],
  ['MM\u0000*', 'a TIFF picture'],
  ['\u001f\u008b', 'a gzip file'],
  ['Rar!', 'a RAR archive'],
  ['{\\rtf', 'an RTF document'],
  ['%!PS', 'a PostScript file'],
]
/** pdf.js, like Acrobat, accepts a header within the first kilobyte. */
const window = 1_024

/** What a file is in words, or undefined when it may be a PDF. */
export function whatItIs(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 8_192)).toString('latin1')
  if (start.slice(0, window).includes('%PDF-')) return undefined
  for (const [signature, what] of signatures) if (start.startsWith(signature)) return what
  const text = start.replace(/^\u00ef\u00bb\u00bf/, '').trimStart()
  if (/^<(?:!doctype html|html|head|body|!--)/i.test(text)) {
    const title = /<title[^>]*>([^<]{0,200})/i.exec(text)?.[1]?.replace(/\s+/g, ' ').trim()
    const decoded = title === undefined ? '' : Buffer.from(title, 'latin1').toString('utf8')
    return `a web page${decoded === '' ? '' : ` with the title “${decoded}”`}`
  }
  if (/^<\?xml/i.test(text)) return 'an XML file'
  if (/^[{[]/.test(text)) return 'perhaps JSON'
  // a damaged header is no proof: pdf.js looks for objects itself
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return file.includes(' 0 obj') || file.includes('startxref') ? undefined : 'of an unknown kind'
}
