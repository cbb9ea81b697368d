/** A value of a binary COPY row, still in its wire form; null for NULL. */
export type WireValue = Buffer | null

/** Splits blocks of binary COPY rows (without header and trailer) into values. */
export function readRows(bytes: Buffer): WireValue[][] {
  const rows: WireValue[][] = []
  let at = 0
  while (at < bytes.length) {
    const count = bytes.readInt16BE(at)
    at += 2
    const row: WireValue[] = []
    for (let index = 0; index < count; index++) {
      const length = bytes.readInt32BE(at)
      at += 4
      if (length < 0) row.push(null)
      else {
        row.push(bytes.subarray(at, at + length))
        at += length
      }
    }
    rows.push(row)
  }
  return rows
}

/** PostgreSQL's binary numeric as decimal text, as the server would print it. */
export function numericText(value: Buffer): string {
  const digits = value.readInt16BE(0)
  const weight = value.readInt16BE(2)
  const negative = value.readUInt16BE(4) === 0x4000
  const scale = value.readUInt16BE(6)
  const group = (index: number) => (index >= 0 && index < digits ? value.readInt16BE(8 + index * 2) : 0)
  let whole = ''
  for (let index = 0; index <= weight; index++) whole += String(group(index)).padStart(4, '0')
  let fraction = ''
  for (let index = weight + 1; fraction.length < scale; index++) fraction += String(group(index)).padStart(4, '0')
  const text = `${whole.replace(/^0+(?=\d)/, '') || '0'}${scale > 0 ? `.${fraction.slice(0, scale)}` : ''}`
  return negative ? `-${text}` : text
}

/** PostgreSQL's binary date as ISO text. */
export function dateText(value: Buffer): string {
  return new Date(Date.UTC(2000, 0, 1) + value.readInt32BE(0) * 86_400_000).toISOString().slice(0, 10)
}
