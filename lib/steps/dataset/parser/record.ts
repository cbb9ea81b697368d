/** Where the first record of `text` ends: its fields, and the index after its line end (-1 when it does not end in `text`). */
export interface FirstRecord {
  fields: string[]
  next: number
}

/**
 * Splits one CSV record in plain JavaScript. Only for headers, samples and quarantined rows; the data go through the
 * WebAssembly parser, whose rules these are.
 */
export function firstRecord(text: string, delimiter: string, start = 0): FirstRecord {
  const fields: string[] = []
  let at = start
  while (true) {
    let value = ''
    if (text[at] === '"') {
      at++
      while (at < text.length) {
        const quote = text.indexOf('"', at)
        if (quote < 0) {
          value += text.slice(at)
          at = text.length
          break
        }
        value += text.slice(at, quote)
        at = quote + 1
        if (text[at] !== '"') break
        value += '"'
        at++
      }
    }
    let stop = at
    while (stop < text.length && text[stop] !== delimiter && text[stop] !== '\n') stop++
    value += text.slice(at, stop)
    if (text[stop] !== delimiter && value.endsWith('\r')) value = value.slice(0, -1)
    fields.push(value)
    if (stop >= text.length) return { fields, next: -1 }
    at = stop + 1
    if (text[stop] === '\n') return { fields, next: at }
  }
}

/** The delimiter that splits a header best; `;` wins a tie, as every file of the portal uses it. */
export function sniffDelimiter(header: string): string {
  let best = ';'
  let most = 1
  for (const candidate of [';', ',', '\t', '|']) {
    const count = firstRecord(header, candidate).fields.length
    if (count > most) {
      best = candidate
      most = count
    }
  }
  return best
}

/** Writes a record back, every field quoted. */
export function formatRecord(fields: readonly string[], delimiter: string): string {
  return fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(delimiter)
}
