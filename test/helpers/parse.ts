import {
  CsvParser,
  type ParserColumn,
  type ParserCounts,
  type ParserPlan,
  type Reject,
} from '../../lib/steps/dataset/parser/parser.ts'
import { readRows, type WireValue } from './copy-binary.ts'

/** What a parse gave, all of it, for small inputs. */
export interface Parsed {
  counts: ParserCounts
  rows: WireValue[][]
  signatures: Buffer
  rejects: Reject[]
  gone: Buffer
  parser: CsvParser
}

/** A text column of field `source`. */
export function column(
  source: number,
  type: ParserColumn['type'] = 'text',
  more: Partial<ParserColumn> = {},
): ParserColumn {
  return {
    source,
    type,
    scale: 2,
    notNull: false,
    range: undefined,
    nullBeforeYear: undefined,
    nulls: [],
    hook: undefined,
    ...more,
  }
}

/** A plan with defaults for tests. */
export function plan(columns: readonly ParserColumn[], more: Partial<ParserPlan> = {}): ParserPlan {
  return {
    fields: columns.length,
    columns,
    key: 0,
    hashed: columns.length,
    delimiter: ';',
    encoding: 'utf-8',
    compare: false,
    firstLine: 2,
    ...more,
  }
}

/** Parses `input`, fed in chunks of `chunk` bytes, against the signatures of an `old` file. */
export async function parse(
  parserPlan: ParserPlan,
  input: Uint8Array | string,
  options: { chunk?: number; old?: Buffer; parser?: CsvParser } = {},
): Promise<Parsed> {
  const bytes = typeof input === 'string' ? Buffer.from(input, 'utf8') : input
  const parser = options.parser ?? new CsvParser()
  const blocks: Buffer[] = []
  const signatures: Buffer[] = []
  const gone: Buffer[] = []
  const rejects: Reject[] = []
  let at = 0
  let oldAt = 0
  const counts = await parser.run(
    parserPlan,
    (into) => {
      const part = bytes.subarray(at, at + Math.min(into.length, options.chunk ?? into.length))
      into.set(part)
      at += part.length
      return part.length
    },
    {
      block: async (block) => {
        const copy = Buffer.from(block)
        await new Promise((resolve) => setImmediate(resolve))
        blocks.push(copy)
      },
      signatures: (some) => signatures.push(Buffer.from(some)),
      reject: (reject) => rejects.push(reject),
      oldSignatures: (into) => {
        const part = options.old?.subarray(oldAt, oldAt + into.length) ?? new Uint8Array(0)
        into.set(part)
        oldAt += part.length
        return part.length
      },
      gone: (some) => gone.push(Buffer.from(some)),
      progress: () => undefined,
    },
  )
  return {
    counts,
    rows: readRows(Buffer.concat(blocks)),
    signatures: Buffer.concat(signatures),
    rejects,
    gone: Buffer.concat(gone),
    parser,
  }
}

/** The text values of a row, without the technical ones. */
export function texts(row: readonly WireValue[] | undefined): (string | null)[] {
  return (row ?? []).slice(0, -3).map((value) => (value === null ? null : value.toString('utf8')))
}
