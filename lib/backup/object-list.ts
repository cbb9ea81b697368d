import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { type Infer, parser, Type } from '../schema.ts'
import { compareKeys } from '../stores/objects/key.ts'
import type { ObjectStore } from '../stores/objects/port.ts'
import { readFile } from './files.ts'
import type { BackupFile } from './manifest.ts'

const EntrySchema = Type.Object(
  {
    key: Type.String(),
    bytes: Type.Integer({ minimum: 0 }),
    etag: Type.String(),
    /** Empty where only what the store says is known. */
    sha256: Type.String({ pattern: '^([0-9a-f]{64})?$' }),
    contentType: Type.Optional(Type.String()),
    metadata: Type.Record(Type.String(), Type.String()),
  },
  { additionalProperties: false },
)
/** An object of the pipeline, as a backup lists it. */
export type ObjectEntry = Infer<typeof EntrySchema>
const entries = parser(EntrySchema, 'An entry of the list of objects', 'BACKUP_DAMAGED')

/** The entries of a list, in the order of their keys. Throws BACKUP_DAMAGED. */
export async function* readList(
  objects: ObjectStore,
  file: BackupFile | null,
  signal: AbortSignal,
): AsyncGenerator<ObjectEntry, void> {
  if (file === null) return
  const input = Readable.from(readFile(objects, file, signal))
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  // readline forgets the error of its input
  let failed: unknown
  input.once('error', (error) => {
    failed = error
    lines.close()
  })
  for await (const line of lines) yield entries.parse(JSON.parse(line))
  if (failed !== undefined) throw failed
}

/** Entries as lines. */
export async function* linesOf(list: AsyncIterable<ObjectEntry>): AsyncGenerator<Buffer> {
  for await (const entry of list) yield Buffer.from(`${JSON.stringify(entry)}\n`)
}

/** Two lists in the order of their keys as one of pairs. */
export async function* paired<A extends { key: string }, B extends { key: string }>(
  left: AsyncIterator<A>,
  right: AsyncIterator<B>,
): AsyncGenerator<[A | undefined, B | undefined]> {
  let a = await left.next()
  let b = await right.next()
  while (a.done !== true || b.done !== true) {
    const order = a.done === true ? 1 : b.done === true ? -1 : compareKeys(a.value.key, b.value.key)
    const pair: [A | undefined, B | undefined] = [
      a.done !== true && order <= 0 ? a.value : undefined,
      b.done !== true && order >= 0 ? b.value : undefined,
    ]
    if (pair[0] !== undefined) a = await left.next()
    if (pair[1] !== undefined) b = await right.next()
    yield pair
  }
}
