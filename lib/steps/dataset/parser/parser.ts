import { readFileSync } from 'node:fs'
import { PipelineError } from '../../../errors.ts'

/** A column of the output, in the table's order. */
export interface ParserColumn {
  /** Index of the field in the file's records; -1 when the file has none (always null). */
  source: number
  type: 'text' | 'integer' | 'decimal' | 'date' | 'month' | 'timestamp' | 'cnpj'
  scale: number
  notNull: boolean
  range: readonly [number, number] | undefined
  nullBeforeYear: number | undefined
  /** Raw bytes, in the file's encoding, that mean "none". */
  nulls: readonly Uint8Array[]
  /** Rewrites the decoded text. */
  hook: ((text: string) => string) | undefined
}

/** What the parser must know of a file. */
export interface ParserPlan {
  /** Fields in the header. */
  fields: number
  columns: readonly ParserColumn[]
  /** The first `key` columns are the key, the first `hashed` make the row's identity. */
  key: number
  hashed: number
  delimiter: string
  encoding: 'utf-8' | 'windows-1252'
  /** Compare with an older file's signatures and hand on only what they lack. */
  compare: boolean
  /** Line number of the first data record. */
  firstLine: number
}

/** Why a row was refused. */
export type RejectReason = 'ragged' | 'number' | 'date' | 'missing' | 'encoding' | 'quote' | 'cnpj' | 'integer'

/** A refused row. */
export interface Reject {
  line: number
  reason: RejectReason
  /** Index into the plan's columns, -1 when the whole row is wrong. */
  column: number
  /** Fields found in the record. */
  fields: number
  /** A copy of the record's bytes (cut at 256 KiB). */
  raw: Uint8Array
}

/** What was seen in one column, for gates and for the version's profile. */
export interface ColumnProfile {
  nulls: number
  values: number
  sum: number
  min: number | undefined
  max: number | undefined
  outsideRange: number
  /** Dates that mean "none". */
  sentinels: number
  /** CNPJ with wrong check digits. */
  doubtful: number
}

/** Counts so far. */
export interface ParserCounts {
  rows: number
  rejected: number
  /** Rows that the old file had, unchanged (only when comparing). */
  same: number
  /** Rows with U+FFFD. */
  replacements: number
  /** Rows handed on. */
  sent: number
  /** Rows whose key may have come before in the file (only when not comparing): they carry a number above 0. */
  flagged: number
  line: number
}

/** Where the parser's products go. Views into the parser's memory are valid until the returned promise resolves. */
export interface ParserSinks {
  /**
   * A block of whole binary COPY rows: the plan's columns, key hash, row hash, and, when not comparing, the number that tells
   * rows of one key apart. Up to five blocks may be in flight.
   */
  block(bytes: Uint8Array): Promise<void>
  /** Signatures of accepted rows in file order: key hash, row hash, 8 bytes each, little endian. Copied by the callee before it returns. */
  signatures(bytes: Uint8Array): void
  reject(reject: Reject): void
  /** Fills in old signatures; answers the bytes written, 0 at their end. */
  oldSignatures(into: Uint8Array): number
  /** Old signatures that no row claimed. Copied by the callee before it returns. */
  gone(bytes: Uint8Array): void
  /** Called now and then with the counts, so that somebody can watch. */
  progress(counts: ParserCounts): void
}

/** Fills `into` with the file's next bytes; 0 at its end. */
export type ReadBytes = (into: Uint8Array) => number | Promise<number>

interface Exports {
  memory: WebAssembly.Memory
  layout(what: number): number
  begin(
    fields: number,
    out: number,
    key: number,
    hashed: number,
    delimiter: number,
    quote: number,
    windows1252: number,
    compare: number,
    firstLine: number,
  ): void
  room(): number
  fed(bytes: number): void
  useBlock(index: number): void
  blockBytes(): number
  signatureCount(): number
  clearSignatures(): void
  rejectCount(): number
  clearRejects(): void
  offerOld(count: number): void
  drainOld(): number
  goneCount(): number
  clearGone(): void
  noMoreOld(): void
  count(what: number): number
  parse(final: number): number
  xxh64(at: number, length: number): bigint
}

const TYPES = { text: 1, integer: 2, decimal: 3, date: 4, month: 5, timestamp: 6, cnpj: 7 } as const
const REASONS: readonly RejectReason[] = ['ragged', 'number', 'date', 'missing', 'encoding', 'quote', 'cnpj', 'integer']
const NEED_INPUT = 0
const OUT_FULL = 1
const SIG_FULL = 2
const REJECTS_FULL = 3
const NEED_OLD = 4
const END = 5
const TOO_LONG = -1
const NOT_UTF8 = -2
const CHUNK = 256 * 1024

let compiled: WebAssembly.Module | undefined

function isExports(value: object): value is Exports {
  return 'memory' in value && 'parse' in value && 'begin' in value
}

/**
 * The CSV parser: the WebAssembly machine of `assembly/` with its memory and the loop around it. One object parses one file
 * at a time, at about 400 MB/s, in 18 MB of address space of which only what is touched is resident.
 */
export class CsvParser {
  readonly #exports: Exports
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #hooks: (ParserColumn['hook'] | undefined)[] = []
  #plan: ParserPlan | undefined

  constructor() {
    compiled ??= new WebAssembly.Module(readFileSync(new URL('../parser/parser.wasm', import.meta.url)))
    const instance = new WebAssembly.Instance(compiled, {
      env: { hook: (column: number, at: number, length: number) => this.#hook(column, at, length) },
    })
    if (!isExports(instance.exports)) throw new PipelineError('BUILD', 'parser.wasm is not the parser that was built')
    this.#exports = instance.exports
    this.#bytes = new Uint8Array(instance.exports.memory.buffer)
    this.#view = new DataView(instance.exports.memory.buffer)
  }

  #hook(column: number, at: number, length: number): number {
    const hook = this.#hooks[column]
    if (hook === undefined) return length
    const text = Buffer.from(this.#bytes.buffer, at, length).toString('utf8')
    // the slack behind a block holds any text that is not longer than four times the longest record
    return Buffer.from(this.#bytes.buffer, at, 256 * 1024).write(hook(text), 'utf8')
  }

  #configure(plan: ParserPlan): void {
    const { layout } = this.#exports
    if (plan.columns.length > layout(16) || plan.fields > 1024) {
      throw new PipelineError(
        'TOO_MANY_COLUMNS',
        `A file of ${plan.fields} columns is more than the 1,024 that are read`,
      )
    }
    this.#exports.begin(
      plan.fields,
      plan.columns.length,
      plan.key,
      plan.hashed,
      plan.delimiter.charCodeAt(0),
      34,
      plan.encoding === 'windows-1252' ? 1 : 0,
      plan.compare ? 1 : 0,
      plan.firstLine,
    )
    this.#hooks = plan.columns.map((column) => column.hook)
    const nullsAt = layout(10)
    let nullsUsed = 0
    plan.columns.forEach((column, index) => {
      const at = layout(9) + index * 64
      this.#view.setInt32(at, column.source, true)
      this.#view.setInt32(at + 4, TYPES[column.type], true)
      this.#view.setInt32(at + 8, column.scale, true)
      const flags = (column.notNull ? 1 : 0) | (column.range ? 2 : 0) | (column.hook ? 4 : 0)
      this.#view.setInt32(at + 12, flags, true)
      this.#view.setInt32(at + 16, column.nullBeforeYear ?? 0, true)
      this.#view.setFloat64(at + 24, column.range?.[0] ?? 0, true)
      this.#view.setFloat64(at + 32, column.range?.[1] ?? 0, true)
      if (column.nulls.length === 0) {
        this.#view.setUint32(at + 20, 0xffffffff, true)
        return
      }
      this.#view.setUint32(at + 20, nullsUsed, true)
      this.#view.setUint16(nullsAt + nullsUsed, column.nulls.length, true)
      nullsUsed += 2
      for (const text of column.nulls) {
        this.#view.setUint16(nullsAt + nullsUsed, text.length, true)
        this.#bytes.set(text, nullsAt + nullsUsed + 2)
        nullsUsed += 2 + text.length
      }
    })
  }

  /** Counts of the file at hand. */
  counts(): ParserCounts {
    const { count } = this.#exports
    return {
      rows: count(0),
      rejected: count(1),
      same: count(2),
      replacements: count(3),
      sent: count(4),
      flagged: count(7),
      line: count(5),
    }
  }

  /** Profile of each column of the plan. */
  profile(): ColumnProfile[] {
    const base = this.#exports.layout(11)
    return (this.#plan?.columns ?? []).map((_, index) => {
      const read = (offset: number) => this.#view.getFloat64(base + index * 64 + offset, true)
      const values = read(8)
      const numeric = values > 0 && read(24) <= read(32)
      return {
        nulls: read(0),
        values,
        sum: read(16),
        min: numeric ? read(24) : undefined,
        max: numeric ? read(32) : undefined,
        outsideRange: read(40),
        sentinels: read(48),
        doubtful: read(56),
      }
    })
  }

  /**
   * Parses a whole file. Throws ROW_TOO_LONG (an unclosed quote), NOT_UTF8 (nothing in the file says UTF-8: parse it again as
   * windows-1252), STOPPED, and whatever a sink throws.
   */
  async run(plan: ParserPlan, read: ReadBytes, sinks: ParserSinks, signal?: AbortSignal): Promise<ParserCounts> {
    this.#plan = plan
    this.#configure(plan)
    const wasm = this.#exports
    const input = wasm.layout(0)
    const blocks = wasm.layout(4)
    const inFlight: (Promise<void> | undefined)[] = Array.from({ length: blocks })
    const failures: unknown[] = []
    let block = 0
    let final = false
    let lastProgress = 0
    wasm.useBlock(block)

    const flush = async () => {
      const bytes = wasm.blockBytes()
      if (bytes > 0) {
        const start = wasm.layout(2) + block * wasm.layout(3) + wasm.layout(5)
        inFlight[block] = sinks.block(this.#bytes.subarray(start, start + bytes)).catch((error: unknown) => {
          failures.push(error)
        })
        block = (block + 1) % blocks
        await inFlight[block]
        wasm.useBlock(block)
      }
      if (failures.length > 0) throw failures[0]
    }

    while (true) {
      if (failures.length > 0) throw failures[0]
      signal?.throwIfAborted()
      const state = wasm.parse(final ? 1 : 0)
      if (state === NEED_INPUT) {
        const left = wasm.room()
        const target = this.#bytes.subarray(input + left, input + Math.min(left + CHUNK, wasm.layout(1)))
        const read_ = read(target)
        const bytes = typeof read_ === 'number' ? read_ : await read_
        if (bytes === 0) final = true
        else wasm.fed(bytes)
        if (wasm.count(5) - lastProgress > 20_000) {
          lastProgress = wasm.count(5)
          sinks.progress(this.counts())
        }
      } else if (state === OUT_FULL) await flush()
      else if (state === SIG_FULL) this.#drainSignatures(sinks)
      else if (state === REJECTS_FULL) this.#drainRejects(sinks)
      else if (state === NEED_OLD) this.#offer(sinks)
      else if (state === END) break
      else if (state === NOT_UTF8) {
        throw new PipelineError('NOT_UTF8', `Line ${wasm.count(5)} is not UTF-8`, { details: { line: wasm.count(5) } })
      } else if (state === TOO_LONG) {
        throw new PipelineError(
          'ROW_TOO_LONG',
          `The record that starts at line ${wasm.count(5)} is longer than ${wasm.layout(15) / 1024} KiB: a quote is probably never closed`,
          { details: { line: wasm.count(5) } },
        )
      } else throw new PipelineError('BUILD', `The parser answered ${state}, which it never should`)
    }
    await flush()
    await Promise.all(inFlight)
    if (failures.length > 0) throw failures[0]
    this.#drainSignatures(sinks)
    this.#drainRejects(sinks)
    if (plan.compare) this.#finishComparison(sinks)
    const counts = this.counts()
    sinks.progress(counts)
    return counts
  }

  #drainSignatures(sinks: ParserSinks): void {
    const start = this.#exports.layout(6)
    const bytes = this.#exports.signatureCount() * 16
    if (bytes > 0) sinks.signatures(this.#bytes.subarray(start, start + bytes))
    this.#exports.clearSignatures()
  }

  #drainRejects(sinks: ParserSinks): void {
    const count = this.#exports.rejectCount()
    const base = this.#exports.layout(7)
    const raw = this.#exports.layout(8)
    for (let index = 0; index < count; index++) {
      const at = base + index * 24
      const from = raw + this.#view.getInt32(at + 16, true)
      sinks.reject({
        line: this.#view.getUint32(at, true),
        reason: REASONS[this.#view.getInt32(at + 4, true) - 1] ?? 'ragged',
        column: this.#view.getInt32(at + 8, true),
        fields: this.#view.getInt32(at + 12, true),
        raw: this.#bytes.slice(from, from + this.#view.getInt32(at + 20, true)),
      })
    }
    this.#exports.clearRejects()
  }

  #drainGone(sinks: ParserSinks): void {
    const start = this.#exports.layout(14)
    const bytes = this.#exports.goneCount() * 16
    if (bytes > 0) sinks.gone(this.#bytes.subarray(start, start + bytes))
    this.#exports.clearGone()
  }

  /** Offers one batch of old signatures; false at their end. */
  #offer(sinks: ParserSinks): boolean {
    const wasm = this.#exports
    const start = wasm.layout(12)
    const bytes = sinks.oldSignatures(this.#bytes.subarray(start, start + wasm.layout(13) * 16))
    if (bytes === 0) wasm.noMoreOld()
    else wasm.offerOld(bytes / 16)
    this.#drainGone(sinks)
    return bytes > 0
  }

  #finishComparison(sinks: ParserSinks): void {
    while (this.#offer(sinks)) {
      // what the old file has beyond the window of the last row
    }
    while (this.#exports.drainOld() === 0) this.#drainGone(sinks)
    this.#drainGone(sinks)
  }

  /** xxHash64 of up to 128 KiB, for tests against a reference. */
  hash(bytes: Uint8Array): bigint {
    const at = this.#exports.layout(0)
    this.#bytes.set(bytes, at)
    return BigInt.asUintN(64, this.#exports.xxh64(at, bytes.length))
  }
}
