import { createReadStream, createWriteStream } from 'node:fs'
import { open, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Damage, type Dialect, encode, type Source, write, ZipStream } from '../generate/index.ts'
import { zipBuffer } from '../generate/zip.ts'

/** A file published wrong: what is in it, not how it is sent. */
export type Variant =
  /** Another encoding; default the other of UTF-8 and windows-1252. */
  | { kind: 'encoding'; to?: Dialect['encoding'] }
  /** Another quoting; default none where all was, and all otherwise. */
  | { kind: 'quoting'; to?: Dialect['quote'] }
  /** Default: the second column gets `Novo` after its name. */
  | { kind: 'rename-column'; column?: string; to?: string }
  /** Default: the second column. */
  | { kind: 'drop-column'; column?: string }
  /** The CSV in a ZIP, under the same name. */
  | { kind: 'zip' }
  /** The CSV gzipped, without a word about it. */
  | { kind: 'gzip' }
  /** Part of the rows gone; `share` is what is left, default 0.5. */
  | { kind: 'half'; share?: number }
  | { kind: 'empty' }
  | { kind: 'header-only' }
  /** Rows with too few or too many fields; default share 0.02. */
  | { kind: 'ragged'; share?: number; how?: 'short' | 'long' }
  /** A word in the last decimal column; default share 0.02. */
  | { kind: 'bad-number'; share?: number; column?: string }
  /** 31 February in the last date column; default share 0.02. */
  | { kind: 'bad-date'; share?: number; column?: string }
  /** A blank in the second column; default share 0.02. */
  | { kind: 'blank'; share?: number; column?: string }
  /** U+FFFD for accented letters, in UTF-8; default share 0.1. */
  | { kind: 'replacement'; share?: number }
  /** The decimal comma of the last decimal column lost in every row. */
  | { kind: 'magnitude'; column?: string }
  /** The file ends inside a quoted field of its last rows. */
  | { kind: 'truncated-quote' }
  /** An archive that is cut, has a wrong CRC, has two CSV files, none, or is noise after the first bytes. */
  | { kind: 'broken-zip'; how?: 'truncated' | 'crc' | 'two-files' | 'no-csv' | 'noise' }
  /** An archive of a few hundred KB that inflates to `inflated` bytes (default 256 MiB), ratio about 1,000. `lie`: its directory says 1,000 bytes. */
  | { kind: 'zip-bomb'; inflated?: number; lie?: boolean }

/** The kinds of {@link Variant}. */
export const VARIANT_KINDS: ReadonlySet<string> = new Set<Variant['kind']>([
  'encoding',
  'quoting',
  'rename-column',
  'drop-column',
  'zip',
  'gzip',
  'half',
  'empty',
  'header-only',
  'ragged',
  'bad-number',
  'bad-date',
  'blank',
  'replacement',
  'magnitude',
  'truncated-quote',
  'broken-zip',
  'zip-bomb',
])

/** What a good file is made from. */
export interface Recipe {
  source: Source
  dialect: Dialect
  /** Name inside a ZIP. */
  entry: string
}

/** Writes the wrong file to `path`. */
export async function writeVariant(path: string, recipe: Recipe, variant: Variant): Promise<void> {
  const { dialect, entry } = recipe
  const redone = (changes: Partial<Dialect>) =>
    write(path, recipe.source, { dialect: { ...dialect, ...changes }, entry })
  const hurt = (damage: Damage, changes: Partial<Dialect> = {}) =>
    write(path, recipe.source, { dialect: { ...dialect, ...changes }, entry, damage })
  switch (variant.kind) {
    case 'encoding':
      await redone({ encoding: variant.to ?? (dialect.encoding === 'utf-8' ? 'windows-1252' : 'utf-8') })
      return
    case 'quoting':
      await redone({ quote: variant.to ?? (dialect.quote === 'all' ? 'none' : 'all') })
      return
    case 'zip':
    case 'gzip':
      await redone({ container: variant.kind })
      return
    case 'half':
      await hurt({ kind: 'keep', share: variant.share ?? 0.5 })
      return
    case 'empty':
      await writeFile(path, '')
      return
    case 'header-only':
      await hurt({ kind: 'keep', share: 0 })
      return
    case 'ragged':
    case 'bad-number':
    case 'bad-date':
    case 'blank':
      await hurt({ ...variant, share: variant.share ?? 0.02 })
      return
    case 'replacement':
      await hurt({ kind: 'replacement', share: variant.share ?? 0.1 }, { encoding: 'utf-8' })
      return
    case 'rename-column':
    case 'drop-column':
    case 'magnitude':
      await hurt(variant)
      return
    case 'truncated-quote':
      await truncatedQuote(path, recipe)
      return
    case 'broken-zip':
      await brokenZip(path, recipe, variant.how ?? 'truncated')
      return
    case 'zip-bomb':
      await zipBomb(path, recipe, variant)
  }
}

async function truncatedQuote(path: string, { source, dialect, entry }: Recipe): Promise<void> {
  const plain = `${path}.plain`
  await write(plain, source, { dialect: { ...dialect, quote: 'all', container: 'none' } })
  const { size } = await stat(plain)
  const tail = Buffer.alloc(Math.min(size, 2048))
  const handle = await open(plain, 'r+')
  try {
    await handle.read(tail, 0, tail.length, size - tail.length)
    // After the first character of the last value that is not blank.
    const [last] = [...tail.toString('latin1').matchAll(/[;,]"[^";,\r\n]/g)].slice(-1)
    await handle.truncate(size - tail.length + (last?.index ?? 0) + 3)
  } finally {
    await handle.close()
  }
  const zip = dialect.container === 'zip' ? [new ZipStream(entry)] : []
  await pipeline([createReadStream(plain), ...zip, createWriteStream(path)])
  await rm(plain)
}

async function brokenZip(
  path: string,
  { source, dialect, entry }: Recipe,
  how: 'truncated' | 'crc' | 'two-files' | 'no-csv' | 'noise',
): Promise<void> {
  const inside = { ...dialect, container: 'none' } as const
  const chunks = () => encode(source.header, source.columns, source.rows, inside, source.hasQuotes)
  if (how === 'truncated') {
    await write(path, source, { dialect: { ...dialect, container: 'zip' }, entry })
    await truncate(path, Math.floor((await stat(path)).size * 0.6))
  } else if (how === 'crc') {
    await pipeline(Readable.from(chunks()), new ZipStream(entry, { crc: 0x12345678 }), createWriteStream(path))
  } else if (how === 'noise') {
    await writeFile(path, Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), Buffer.alloc(5000, 0xa5)]))
  } else {
    const data = Buffer.concat([...chunks()])
    const files = how === 'two-files' ? [entry, `copia-${entry}`] : ['LEIA-ME.txt']
    await writeFile(path, zipBuffer(files.map((name) => ({ name, data }))))
  }
}

async function zipBomb(
  path: string,
  { source, dialect, entry }: Recipe,
  variant: { inflated?: number; lie?: boolean },
): Promise<void> {
  const total = variant.inflated ?? 256 * 1024 * 1024
  const [first] = source.rows
  if (first === undefined) throw new RangeError('a bomb needs a row')
  const inside = { ...dialect, container: 'none' } as const
  const [head = Buffer.alloc(0)] = encode(source.header, source.columns, [], inside, source.hasQuotes)
  const [whole = Buffer.alloc(0)] = encode(source.header, source.columns, [first], inside, source.hasQuotes)
  const row = whole.subarray(head.length)
  const block = Buffer.concat(Array.from({ length: Math.ceil(65_536 / row.length) }, () => row))
  function* chunks(): Generator<Buffer> {
    yield head
    for (let sent = head.length; sent < total; sent += block.length) yield block
  }
  const zip = new ZipStream(entry, variant.lie === true ? { size: 1000 } : {}, 9)
  await pipeline(Readable.from(chunks()), zip, createWriteStream(path))
}
