/** PDFs out of hand-written objects, so that a test can say exactly what is in the file. */

/** A stream's dictionary entries and content. */
export interface RawStream {
  dictionary: string
  content: string | Uint8Array
}

/** An object's text, or a stream. */
export type RawObject = string | RawStream

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

/** A stream object. */
export const stream = (content: string | Uint8Array, dictionary = ''): RawStream => ({ content, dictionary })

/** A file of numbered objects, with the first as its catalogue. `trailer`: more entries for it. */
export function fileOf(objects: readonly RawObject[], trailer = ''): Uint8Array {
  const parts: Buffer[] = [latin1('%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n')]
  const offsets: number[] = []
  let length = parts[0]?.length ?? 0
  const put = (part: Buffer) => {
    parts.push(part)
    length += part.length
  }
  for (const [at, object] of objects.entries()) {
    offsets.push(length)
    if (typeof object === 'string') {
      put(latin1(`${at + 1} 0 obj\n${object}\nendobj\n`))
      continue
    }
    const content = typeof object.content === 'string' ? latin1(object.content) : Buffer.from(object.content)
    const size = /\/Length\b/.test(object.dictionary) ? '' : ` /Length ${content.length}`
    put(latin1(`${at + 1} 0 obj\n<< ${object.dictionary}${size} >>\nstream\n`))
    put(content)
    put(latin1('\nendstream\nendobj\n'))
  }
  const start = length
  put(latin1(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`))
  for (const offset of offsets) put(latin1(`${String(offset).padStart(10, '0')} 00000 n \n`))
  put(latin1(`trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${trailer}>>\nstartxref\n${start}\n%%EOF\n`))
  return new Uint8Array(Buffer.concat(parts))
}

/** What a single page may have besides its content. */
export interface PageParts {
  content: string
  /** Entries of the resources' dictionaries besides the font /F1 (Helvetica) and /F2 (Symbol). */
  resources?: string
  fonts?: string
  /** Entries of the page. */
  page?: string
  /** Objects from number 8 on. */
  objects?: RawObject[]
  /** Entries of the catalogue. */
  catalogue?: string
  box?: string
}

/** A file with one page of 400 by 300 points. */
export function onePage({
  content,
  resources = '',
  fonts = '',
  page = '',
  objects = [],
  catalogue = '',
  box,
}: PageParts): Uint8Array {
  return fileOf([
    `<< /Type /Catalog /Pages 2 0 R ${catalogue} >>`,
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [${box ?? '0 0 400 300'}] /Contents 4 0 R /Resources 5 0 R ${page} >>`,
    stream(content),
    `<< /Font << /F1 6 0 R /F2 7 0 R ${fonts} >> ${resources} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
    '<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>',
    ...objects,
  ])
}
