/** What a table says: its rows without header, merged cells filled down and across. */
export interface TrueTable {
  columns: number
  rows: string[][]
}

/** A value of a datasheet. */
export interface TrueValue {
  num: number | number[]
  unit: string
}

/** The values of one model under one condition. */
export interface TrueRecord {
  model: string
  condition: string
  parameters: Record<string, TrueValue>
}

/** A document with known content. */
export interface Made {
  name: string
  /** Kept out of all tuning. */
  heldOut: boolean
  content: { bytes: Uint8Array; tables?: TrueTable[]; records?: TrueRecord[] }
}
