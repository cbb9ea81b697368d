/** A PDF with a page for each of the texts, in Helvetica (not embedded), its lines from top to bottom. Written by hand, byte by byte. */
export function tinyPdf(...pages: string[]): Buffer {
  const objects: string[] = []
  const add = (body: string) => objects.push(body)
  const count = pages.length
  add('<< /Type /Catalog /Pages 2 0 R >>')
  add(`<< /Type /Pages /Kids [${pages.map((_, at) => `${4 + at * 2} 0 R`).join(' ')}] /Count ${count} >>`)
  add('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>')
  pages.forEach((text, at) => {
    const lines = text
      .split('\n')
      .map((line) => `(${line.replace(/[\\()]/g, '\\$&')}) Tj 0 -16 Td`)
      .join(' ')
    const content = `BT /F1 12 Tf 72 760 Td ${lines} ET`
    add(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents ${5 + at * 2} 0 R >>`,
    )
    add(`<< /Length ${Buffer.byteLength(content, 'latin1')} >>\nstream\n${content}\nendstream`)
  })
  let file = '%PDF-1.4\n'
  const offsets = objects.map((body, at) => {
    const offset = Buffer.byteLength(file, 'latin1')
    file += `${at + 1} 0 obj\n${body}\nendobj\n`
    return offset
  })
  const start = Buffer.byteLength(file, 'latin1')
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`
  return Buffer.from(file, 'latin1')
}
