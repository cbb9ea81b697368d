import type { Queryable } from '../../../stores/postgres/port.ts'
import type { Reject, RejectReason } from '../parser/parser.ts'
import { firstRecord, formatRecord } from '../parser/record.ts'
import type { LoadPlan } from './plan.ts'
import type { Repeated } from './tables.ts'

/** A row in quarantine. */
export interface QuarantinedRow {
  line: number | null
  reason: RejectReason | 'repeated-key'
  column: string | null
  detail: string
  raw: string | null
}

const WORDS: Record<RejectReason, string> = {
  ragged: 'wrong number of columns',
  number: 'not a number',
  integer: 'not a whole number',
  date: 'not a date',
  missing: 'blank where a value is required',
  encoding: 'not valid UTF-8 in a UTF-8 file',
  quote: 'text after a closing quote',
  cnpj: 'not a CNPJ',
}

/** Rows kept in full; beyond that they are only counted, so that a bad file cannot fill the memory. */
const MAX_KEPT = 5_000
const MAX_RAW = 1_024

/** Collects refused rows: personal columns blanked, bounded in number and size. */
export class Quarantine {
  readonly rows: QuarantinedRow[] = []
  readonly #plan: LoadPlan
  readonly #delimiter: string
  readonly #decode: (bytes: Uint8Array) => string
  count = 0
  /** The last refused row had no line end: if it is also the file's last, the file was cut. */
  lastIsCut = false

  constructor(plan: LoadPlan, dialect: { delimiter: string; encoding: string }) {
    this.#plan = plan
    this.#delimiter = dialect.delimiter
    const decoder = new TextDecoder(dialect.encoding)
    this.#decode = (bytes) => decoder.decode(bytes)
  }

  add(reject: Reject): void {
    this.count++
    this.lastIsCut = reject.raw[reject.raw.length - 1] !== 10
    if (this.rows.length >= MAX_KEPT) return
    const text = this.#decode(reject.raw)
    const { fields } = firstRecord(text, this.#delimiter)
    const column = this.#plan.columns[reject.column]
    const value = column === undefined ? undefined : fields[this.#plan.sources[reject.column] ?? -1]
    const detail =
      reject.reason === 'ragged'
        ? `${reject.fields} columns where the header has ${this.#plan.fields}`
        : `${WORDS[reject.reason]}${column ? ` in ${column.source}` : ''}${value === undefined ? '' : `: "${value.slice(0, 80)}"`}`
    this.rows.push({
      line: reject.line,
      reason: reject.reason,
      column: column?.name ?? null,
      detail,
      raw: this.#redact(text, fields, reject.reason),
    })
  }

  /** Rows that repeat a key where the contract allows one. */
  addRepeated(rows: readonly Repeated[]): void {
    this.count += rows.length
    for (const { row } of rows.slice(0, Math.max(0, MAX_KEPT - this.rows.length))) {
      this.rows.push({
        line: null,
        reason: 'repeated-key',
        column: null,
        detail: 'a second row of the same key',
        raw: row.slice(0, MAX_RAW),
      })
    }
  }

  /** The first few, in words. */
  samples(): string[] {
    return this.rows.slice(0, 10).map((row) => `line ${row.line}: ${row.detail}`)
  }

  /** Personal data must not reach a table by the back door; in a row of the wrong shape nobody knows where they are. */
  #redact(text: string, fields: string[], reason: RejectReason): string | null {
    if (this.#plan.personalFields.length === 0)
      return text
        .replace(/\r?\n$/, '')
        .replaceAll('\0', '')
        .slice(0, MAX_RAW)
    if (reason === 'ragged' || reason === 'quote') return null
    const kept = fields.map((field, index) => (this.#plan.personalFields.includes(index) ? '' : field))
    return formatRecord(kept, this.#delimiter).replaceAll('\0', '').slice(0, MAX_RAW)
  }
}

/** Writes quarantined rows, in batches. */
export async function insertQuarantine(
  tx: Queryable,
  version: { dataset: string; part: string; version: number },
  rows: readonly QuarantinedRow[],
): Promise<void> {
  for (let from = 0; from < rows.length; from += 1000) {
    await tx.query(
      `insert into pipeline.quarantine (dataset, part, version, line, reason, column_name, detail, raw)
       select $1, $2, $3, r.line, r.reason, r."column", r.detail, r.raw
       from jsonb_to_recordset($4::jsonb) as r(line bigint, reason text, "column" text, detail text, raw text)`,
      [version.dataset, version.part, version.version, JSON.stringify(rows.slice(from, from + 1000))],
    )
  }
}
