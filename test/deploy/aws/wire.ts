/** The little of MessagePack and Protocol Buffers that Terraform's plugin protocol needs. */

/** A value that is known after apply only. */
export const unknown = Symbol('unknown')
/** What MessagePack carries here. Bytes stand for a type beside a value of no fixed type. */
export type Value = null | boolean | number | bigint | string | Buffer | typeof unknown | Value[] | { [name: string]: Value }

/** Throws where the bytes have a form that Terraform does not use. */
export function unpack(bytes: Buffer): Value {
  let at = 0
  const take = (count: number) => bytes.subarray(at, (at += count))
  const size = (width: number) => take(width).readUIntBE(0, width)
  const text = (count: number) => take(count).toString('utf8')
  const list = (count: number): Value[] => Array.from({ length: count }, () => read())
  const map = (count: number): Value => Object.fromEntries(Array.from({ length: count }, () => [String(read()), read()]))
  // A refined unknown says more of the value than we want to know.
  const extension = (count: number) => {
    take(count + 1)
    return unknown
  }
  function read(): Value {
    const code = size(1)
    if (code < 0x80) return code
    if (code < 0x90) return map(code & 15)
    if (code < 0xa0) return list(code & 15)
    if (code < 0xc0) return text(code & 31)
    if (code >= 0xe0) return code - 256
    const width = 2 ** (code & 3)
    if (code === 0xc0) return null
    if (code === 0xc2 || code === 0xc3) return code === 0xc3
    if (code >= 0xc4 && code <= 0xc6) return take(size(2 ** (code - 0xc4)))
    if (code >= 0xc7 && code <= 0xc9) return extension(size(2 ** (code - 0xc7)))
    if (code === 0xca) return take(4).readFloatBE()
    if (code === 0xcb) return take(8).readDoubleBE()
    if (code >= 0xcc && code <= 0xce) return size(width)
    if (code === 0xcf) return Number(take(8).readBigUInt64BE())
    if (code >= 0xd0 && code <= 0xd2) return take(width).readIntBE(0, width)
    if (code === 0xd3) return Number(take(8).readBigInt64BE())
    if (code >= 0xd4 && code <= 0xd8) return extension(2 ** (code - 0xd4))
    if (code >= 0xd9 && code <= 0xdb) return text(size(2 ** (code - 0xd9)))
    if (code === 0xdc || code === 0xdd) return list(size(code === 0xdc ? 2 : 4))
    if (code === 0xde || code === 0xdf) return map(size(code === 0xde ? 2 : 4))
    throw new Error(`MessagePack ${code.toString(16)}`)
  }
  return read()
}

export function pack(value: Value): Buffer {
  if (value === null) return Buffer.of(0xc0)
  if (value === unknown) return Buffer.of(0xd4, 0, 0)
  if (typeof value === 'boolean') return Buffer.of(value ? 0xc3 : 0xc2)
  if (typeof value === 'number' || typeof value === 'bigint') {
    const bytes = Buffer.alloc(9)
    bytes[0] = 0xcb
    bytes.writeDoubleBE(Number(value), 1)
    return bytes
  }
  if (typeof value === 'string') return sized(0xdb, Buffer.from(value))
  if (Buffer.isBuffer(value)) return sized(0xc6, value)
  if (Array.isArray(value)) return Buffer.concat([head(0xdd, value.length), ...value.map(pack)])
  const entries = Object.entries(value)
  return Buffer.concat([head(0xdf, entries.length), ...entries.flatMap(([name, one]) => [pack(name), pack(one)])])
}

function head(code: number, count: number): Buffer {
  const bytes = Buffer.alloc(5)
  bytes[0] = code
  bytes.writeUInt32BE(count, 1)
  return bytes
}
const sized = (code: number, bytes: Buffer) => Buffer.concat([head(code, bytes.length), bytes])

/** A message: numbers of fields with what they hold, in this order. Zeros and blanks are left out. */
export type Field = readonly [number: number, value: string | number | boolean | Buffer]

export function message(...fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (value === '' || value === 0 || value === false) return []
      if (typeof value === 'number' || typeof value === 'boolean') return [varint(number << 3), varint(Number(value))]
      const bytes = Buffer.from(value)
      return [varint((number << 3) | 2), varint(bytes.length), bytes]
    }),
  )
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left])
    bytes.push((left % 128) | 128)
  }
}

/** The fields of a message that are bytes, texts or messages, by number; numbers are left out. */
export function fieldsOf(bytes: Buffer): Map<number, Buffer> {
  const fields = new Map<number, Buffer>()
  let at = 0
  const read = () => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = read()
    if ((tag & 7) === 0) read()
    else if ((tag & 7) === 2) {
      const length = read()
      fields.set(tag >> 3, bytes.subarray(at, (at += length)))
    } else throw new Error(`wire type ${tag & 7}`)
  }
  return fields
}
