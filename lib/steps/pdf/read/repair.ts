/** Objects looked at; a file with more has other troubles. */
const mostPages = 20_000

/**
 * A file whose end is missing has lost its catalogue, which often comes last, but not the pages before it. Gives the file with a catalogue
 * of the pages that are left, in the order in which they stand, or undefined when there is none.
 */
export function withOwnCatalogue(bytes: Uint8Array): Uint8Array | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const pages: string[] = []
  let highest = 0
  for (let at = file.indexOf(' obj'); at !== -1; at = file.indexOf(' obj', at + 4)) {
    const number = /(\d{1,9}) (\d{1,5})$/.exec(file.toString('latin1', Math.max(0, at - 16), at))
    if (number === null) continue
    highest = Math.max(highest, Number(number[1]))
    const end = file.indexOf('endobj', at)
    if (end === -1 || pages.length >= mostPages) break
    const start = file.toString('latin1', at, Math.min(end, at + 4_096))
    if (/\/Type\s*\/Page(?![a-zA-Z])/.test(start)) pages.push(`${number[1]} ${number[2]} R`)
  }
  if (pages.length === 0) return undefined
  const [catalogue, tree] = [highest + 1, highest + 2]
  const end = `\nendstream\nendobj\n${catalogue} 0 obj\n<< /Type /Catalog /Pages ${tree} 0 R >>\nendobj
${tree} 0 obj\n<< /Type /Pages /Kids [${pages.join(' ')}] /Count ${pages.length} >>\nendobj
trailer\n<< /Size ${tree + 1} /Root ${catalogue} 0 R >>\nstartxref\n0\n%%EOF\n`
  // pdf.js skips all from a table of objects to its trailer, and half a table has none
  const table = file.lastIndexOf('\nxref')
  const left = table > file.lastIndexOf('trailer') ? file.subarray(0, table) : file
  return new Uint8Array(Buffer.concat([left, Buffer.from(end, 'latin1')]))
}
