import { Transform, type TransformCallback } from 'node:stream'
import { crc32, createDeflateRaw, type DeflateRaw, deflateRawSync } from 'node:zlib'

/** What an archive says of its one entry, where that is to be wrong. */
export interface ZipLies {
  /** Uncompressed size in the directory, instead of the true one. */
  size?: number
  /** CRC-32 in the directory, instead of the true one. */
  crc?: number
}

/** 1980-01-01 00:00: archives of equal content are equal. */
const DOS_TIME = 0x0021_0000
const LIMIT = 0xffff_ffff

/**
 * A stream that packs what is written to it as the one entry of a ZIP archive: deflate, sizes in a data descriptor after
 * the entry (so nothing is held back), UTF-8 name. Up to 4 GiB. Fails on more.
 */
export class ZipStream extends Transform {
  readonly #deflate: DeflateRaw
  readonly #name: Buffer
  readonly #lies: ZipLies
  #crc = 0
  #size = 0
  #packed = 0

  constructor(name: string, lies: ZipLies = {}, level = 1) {
    super()
    this.#name = Buffer.from(name, 'utf8')
    this.#lies = lies
    this.#deflate = createDeflateRaw({ level })
    this.#deflate.on('data', (chunk: Buffer) => {
      this.#packed += chunk.length
      this.push(chunk)
    })
    this.#deflate.on('error', (error) => this.destroy(error))
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(20, 4)
    local.writeUInt16LE(0x0808, 6)
    local.writeUInt16LE(8, 8)
    local.writeUInt32LE(DOS_TIME, 10)
    local.writeUInt16LE(this.#name.length, 26)
    this.push(local)
    this.push(this.#name)
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#crc = crc32(chunk, this.#crc)
    this.#size += chunk.length
    if (this.#size > LIMIT) callback(new RangeError('the entry is larger than 4 GiB'))
    else this.#deflate.write(chunk, () => callback())
  }

  override _flush(callback: TransformCallback): void {
    this.#deflate.once('end', () => {
      const crc = this.#lies.crc ?? this.#crc
      const size = this.#lies.size ?? this.#size
      const descriptor = Buffer.alloc(16)
      descriptor.writeUInt32LE(0x08074b50, 0)
      this.#sums(descriptor, 4, crc, size)
      this.push(descriptor)
      const central = Buffer.alloc(46)
      central.writeUInt32LE(0x02014b50, 0)
      central.writeUInt16LE(20, 4)
      central.writeUInt16LE(20, 6)
      central.writeUInt16LE(0x0808, 8)
      central.writeUInt16LE(8, 10)
      central.writeUInt32LE(DOS_TIME, 12)
      this.#sums(central, 16, crc, size)
      central.writeUInt16LE(this.#name.length, 28)
      const end = Buffer.alloc(22)
      end.writeUInt32LE(0x06054b50, 0)
      end.writeUInt16LE(1, 8)
      end.writeUInt16LE(1, 10)
      end.writeUInt32LE(central.length + this.#name.length, 12)
      end.writeUInt32LE(30 + this.#name.length + this.#packed + descriptor.length, 16)
      this.push(central)
      this.push(this.#name)
      this.push(end)
      callback()
    })
    this.#deflate.end()
  }

  #sums(target: Buffer, at: number, crc: number, size: number): void {
    target.writeUInt32LE(crc, at)
    target.writeUInt32LE(this.#packed, at + 4)
    target.writeUInt32LE(size, at + 8)
  }
}

/** A small archive of several entries, in memory. */
export function zipBuffer(entries: readonly { name: string; data: Buffer }[]): Buffer {
  const locals: Buffer[] = []
  const centrals: Buffer[] = []
  let offset = 0
  for (const { name, data } of entries) {
    const packed = deflateRawSync(data)
    const title = Buffer.from(name, 'utf8')
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(0x0800, 2)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(DOS_TIME, 6)
    common.writeUInt32LE(crc32(data), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(data.length, 18)
    common.writeUInt16LE(title.length, 22)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), common, title, packed])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(offset, 10)
    centrals.push(Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0000', 'latin1'), common, rest, title]))
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(centrals)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}
