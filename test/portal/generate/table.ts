/** How a dataset's rows are made. One file in tables/ per family of datasets implements this. */

export type ColumnType = 'text' | 'integer' | 'decimal' | 'date' | 'month' | 'timestamp' | 'cnpj'

/** A column of a file. Structurally a part of the contract's column, so a contract's columns fit where these do. */
export interface TableColumn {
  /** Name in the header, exactly. */
  source: string
  type: ColumnType
  /** Decimals kept in a decimal column. */
  scale?: number
  /** Earlier dates mean "none". */
  nullBeforeYear?: number
  /** Texts that mean "none" beside blank. */
  nulls?: readonly string[]
}

/** What a generator knows about the file it makes. */
export interface Context {
  seed: number
  /** The part (a year, a decade), or an empty text. */
  part: string
  /** Rows of publication 0. */
  rows: number
  /** The day of publication 0: everything but the first column hangs on it, so publications can be compared. */
  today: number
  /** The day of this publication. */
  published: number
  /** `published`, as the first column has it in every row. */
  generated: string
}

/** Makes the rows of one file by their index. */
export interface RowMaker {
  /** Row `index` (from 0, unbounded). `revision` 1 is the row after its one change: another value outside the key. */
  row(index: number, revision: number): string[]
  /** The second row with the natural key of row `index`. `ordinal` counts the repeats of the file. */
  repeat?(index: number, ordinal: number): string[]
}

/** A dataset of the portal. */
export interface Table {
  columns: readonly TableColumn[]
  /** Columns of the natural key; empty where the whole row is its identity. */
  key: readonly string[]
  /** Whether a value may hold a double quote, so that writers must look. */
  hasQuotes: boolean
  /** The parts this dataset has when nothing else is asked, newest first; `['']` for a dataset in one file. */
  parts(today: number): readonly string[]
  /** Tables of one family draw from one seed in all their parts, so that they speak of the same things. */
  family?: string
  /** Rows at the start of the file that no publication touches. */
  untouched?: number
  /** How many rows repeat the natural key of another, in a file of so many rows. */
  repeats(rows: number): number
  open(context: Context): RowMaker
  /** For hand-made tables: the whole file. Then `open`, `repeats` and the shares of change are not used. */
  whole?(context: Context): string[][]
}

/** `columns('Name type scale', …)`; the type is text when not said. */
export function columns(...lines: readonly string[]): readonly TableColumn[] {
  return lines.map((line) => {
    const [source = '', type = 'text', scale] = line.split(' ')
    if (!isType(type)) throw new TypeError(`no column type ${type}`)
    if (type === 'date' && scale !== undefined) return { source, type, nullBeforeYear: Number(scale) }
    return scale === undefined ? { source, type } : { source, type, scale: Number(scale) }
  })
}

const TYPES: readonly string[] = ['text', 'integer', 'decimal', 'date', 'month', 'timestamp', 'cnpj']
function isType(text: string): text is ColumnType {
  return TYPES.includes(text)
}

/** A dataset in one file. */
export const oneFile = (): readonly string[] => ['']
/** No repeated keys. */
export const noRepeats = (): number => 0
