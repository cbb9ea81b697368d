// The CSV parser: bytes in, PostgreSQL binary COPY rows out, in one pass, in fixed memory.
// The host (../parser.ts) moves bytes in and out and decides what to do with what parse() answers.
import * as L from './layout'
import { openRanges, encodeRow, rejectColumn } from './encode'
import { innerLines, next, broken, split } from './scan'
import { multibyte, newRow, replacement, resetText } from './text'
import { claim, clearGone, drain, gone, offer, resetWindow, taken } from './window'
import { xxh64 } from './hash'

export { offer as offerOld, drain as drainOld, clearGone, xxh64 }

let delimiter: i32 = 59
let quote: i32 = 34
let expected: i32 = 0
let columns: i32 = 0
let keyColumns: i32 = 0
let hashedColumns: i32 = 0
let cp1252: bool = false
let comparing: bool = false
let oldDone: bool = true

let inStart: usize = L.IN
let inEnd: usize = L.IN
let outAt: usize = 0
let outStart: usize = 0
let line: i64 = 1
let signatures: i32 = 0
let rejects: i32 = 0
let rawUsed: i32 = 0

let rows: i64 = 0
let rejected: i64 = 0
let same: i64 = 0
let replacements: i64 = 0
let sent: i64 = 0
let flagged: i32 = 0

export function layout(what: i32): usize {
  switch (what) {
    case 0: return L.IN
    case 1: return <usize>L.IN_SIZE
    case 2: return L.OUT
    case 3: return <usize>L.OUT_STRIDE
    case 4: return <usize>L.OUT_BLOCKS
    case 5: return <usize>L.OUT_HEADROOM
    case 6: return L.SIG
    case 7: return L.REJECTS
    case 8: return L.RAW
    case 9: return L.COLUMNS
    case 10: return L.NULLS
    case 11: return L.PROFILE
    case 12: return L.OFFER
    case 13: return <usize>L.OFFER_MAX
    case 14: return L.GONE
    case 15: return <usize>L.MAX_RECORD
    case 16: return <usize>L.COLUMNS_MAX
    case 17: return <usize>L.RING_SIZE
    default: return 0
  }
}

/** Starts a file: `fields` in its header, `out` columns of which the first `key` are the key and the first `hashed` are hashed. */
export function begin(fields: i32, out: i32, key: i32, hashed: i32, delim: i32, quoteByte: i32, windows1252: bool, compare: bool, firstLine: i32): void {
  expected = fields
  columns = out
  keyColumns = key
  hashedColumns = hashed
  delimiter = delim
  quote = quoteByte
  cp1252 = windows1252
  comparing = compare
  oldDone = !compare
  inStart = L.IN
  inEnd = L.IN
  line = firstLine
  signatures = 0
  rejects = 0
  rawUsed = 0
  rows = 0
  rejected = 0
  same = 0
  replacements = 0
  sent = 0
  flagged = 0
  memory.fill(L.PROFILE, 0, <usize>L.COLUMNS_MAX * 64)
  openRanges(out)
  resetText()
  if (compare) resetWindow()
  else memory.fill(L.SEEN, 0, 1 << (L.SEEN_BITS - 3))
}

/** Moves what is left of the input to the front; answers where the host may write, as an offset into IN. */
export function room(): i32 {
  const left = inEnd - inStart
  if (inStart != L.IN) {
    memory.copy(L.IN, inStart, left)
    inStart = L.IN
    inEnd = L.IN + left
  }
  return <i32>left
}
/** The host has written `bytes` at the place that room() named. */
export function fed(bytes: i32): void {
  inEnd += <usize>bytes
}

/** Rows go to this output block from now on. */
export function useBlock(index: i32): void {
  outStart = L.OUT + <usize>(index * L.OUT_STRIDE + L.OUT_HEADROOM)
  outAt = outStart
}
export function blockBytes(): i32 {
  return <i32>(outAt - outStart)
}
export function signatureCount(): i32 {
  return signatures
}
export function clearSignatures(): void {
  signatures = 0
}
export function rejectCount(): i32 {
  return rejects
}
export function clearRejects(): void {
  rejects = 0
  rawUsed = 0
}
export function goneCount(): i32 {
  return gone
}
export function noMoreOld(): void {
  oldDone = true
}
export function count(what: i32): f64 {
  switch (what) {
    case 0: return <f64>rows
    case 1: return <f64>rejected
    case 2: return <f64>same
    case 3: return <f64>replacements
    case 4: return <f64>sent
    case 5: return <f64>line
    case 6: return <f64>taken
    case 7: return <f64>flagged
    default: return 0
  }
}

function reject(at: usize, reason: i32, column: i32, fields: i32): void {
  const entry = L.REJECTS + <usize>rejects * 24
  let length = <i32>(next - at)
  if (length > L.RAW_SIZE - rawUsed) length = L.RAW_SIZE - rawUsed
  store<u32>(entry, <u32>line)
  store<i32>(entry + 4, reason)
  store<i32>(entry + 8, column)
  store<i32>(entry + 12, fields)
  store<i32>(entry + 16, rawUsed)
  store<i32>(entry + 20, length)
  memory.copy(L.RAW + <usize>rawUsed, at, <usize>length)
  rawUsed += length
  rejects++
  rejected++
}

function seenBefore(key: u64): bool {
  const bit = <u32>(key >> (64 - L.SEEN_BITS))
  const at = L.SEEN + <usize>(bit >> 3)
  const mask = <u8>(<u32>1 << (bit & 7))
  const byte = load<u8>(at)
  store<u8>(at, byte | mask)
  return (byte & mask) != 0
}

/** Parses what is there. `final`: no more input follows. Answers why it stopped; the host acts and calls again. */
export function parse(final: bool): i32 {
  while (true) {
    if (inStart >= inEnd) return final ? L.END : L.NEED_INPUT
    if (<i32>(outAt - outStart) >= L.OUT_SOFT) return L.OUT_FULL
    if (signatures >= L.SIG_ROWS) return L.SIG_FULL
    if (rejects >= L.REJECTS_MAX || L.RAW_SIZE - rawUsed < 4096) return L.REJECTS_FULL
    if (comparing && !oldDone && taken - (rows + 1) < <i64>(L.RING_SIZE >> 1)) return L.NEED_OLD
    const at = inStart
    const fields = split(at, inEnd, delimiter, quote, final)
    if (fields < 0) {
      if (<i32>(inEnd - inStart) >= L.MAX_RECORD) return L.TOO_LONG
      return L.NEED_INPUT
    }
    if (<i32>(next - at) > L.MAX_RECORD) return L.TOO_LONG
    // an empty line is no record
    if (fields == 1 && load<i32>(L.FIELDS + L.F_LENGTH) == 0 && load<u8>(at) != <u8>quote) {
      inStart = next
      line++
      continue
    }
    if (broken) reject(at, L.BAD_QUOTE, -1, fields)
    else if (fields != expected) reject(at, L.RAGGED, -1, fields)
    else {
      newRow()
      const start = outAt
      store<u16>(outAt, bswap<u16>(<u16>(columns + (comparing ? 2 : 3))))
      const keyStart = outAt + 2
      const keyEnd = encodeRow(keyStart, 0, keyColumns, cp1252)
      let hashedEnd: usize = 0
      let end: usize = 0
      if (keyEnd != 0) hashedEnd = encodeRow(keyEnd, keyColumns, hashedColumns, cp1252)
      if (hashedEnd != 0) end = encodeRow(hashedEnd, hashedColumns, columns, cp1252)
      if (end == 0) {
        const reason = rejectColumn >> 16
        // nothing so far says that this file is UTF-8: let the host take it for windows-1252 instead
        if (reason == L.BAD_ENCODING && !cp1252 && !multibyte) return L.NOT_UTF8
        reject(at, reason, rejectColumn & 0xffff, fields)
      } else {
        const row = xxh64(keyStart, <i32>(hashedEnd - keyStart))
        const key = keyColumns == 0 ? row : xxh64(keyStart, <i32>(keyEnd - keyStart))
        if (replacement) replacements++
        const signature = L.SIG + (<usize>signatures << 4)
        store<u64>(signature, key)
        store<u64>(signature + 8, row)
        signatures++
        rows++
        if (comparing && claim(key, row)) same++
        else {
          store<u32>(end, bswap<u32>(8))
          store<u64>(end + 4, bswap<u64>(key))
          store<u32>(end + 12, bswap<u32>(8))
          store<u64>(end + 16, bswap<u64>(row))
          outAt = end + 24
          if (!comparing) {
            // the number that tells rows of one key apart: 0, and for any row that may repeat a key a number of its own
            store<u32>(outAt, bswap<u32>(4))
            store<u32>(outAt + 4, bswap<u32>(<u32>(seenBefore(key) ? ++flagged : 0)))
            outAt += 8
          }
          sent++
        }
      }
      if (outAt < start) outAt = start
    }
    inStart = next
    line += 1 + <i64>innerLines
  }
}
