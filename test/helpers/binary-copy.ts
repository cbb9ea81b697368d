/** A value of a binary COPY row: int4, text, or NULL. */
export type Field = number | string | null

/** Rows as binary COPY tuples, without header and trailer. */
export function binaryRows(rows: readonly (readonly Field[])[]): Buffer {
  return Buffer.concat(rows.map(binaryRow))
}

function binaryRow(fields: readonly Field[]): Buffer {
  const count = Buffer.alloc(2)
  count.writeInt16BE(fields.length)
  return Buffer.concat([count, ...fields.map(binaryField)])
}

function binaryField(field: Field): Buffer {
  const length = Buffer.alloc(4)
  if (field === null) {
    length.writeInt32BE(-1)
    return length
  }
  const value = typeof field === 'string' ? Buffer.from(field) : Buffer.alloc(4)
  if (typeof field === 'number') value.writeInt32BE(field)
  length.writeInt32BE(value.length)
  return Buffer.concat([length, value])
}
