// One record's fields to binary COPY values, column by column, in the table's order whatever the file's.
import * as L from './layout'
import { copyText } from './text'
import { days, micros, readDate, year } from './date'
import { fraction, negative, pow10, readNumber, whole, writeNumeric } from './number'

/** The host's hook for columns that need more than bytes (masking): rewrites UTF-8 text in place, answers its new length. */
// @ts-ignore: decorator
@external('env', 'hook')
declare function hook(column: i32, at: usize, length: i32): i32

/** After a failed row: reason << 16 | column. */
export let rejectColumn: i32 = 0

/** Minimum and maximum start out beyond any value. */
export function openRanges(columns: i32): void {
  for (let i = 0; i < columns; i++) {
    store<f64>(L.PROFILE + <usize>i * 64 + L.P_MIN, Infinity)
    store<f64>(L.PROFILE + <usize>i * 64 + L.P_MAX, -Infinity)
  }
}

@inline
function bump(at: usize): void {
  store<f64>(at, load<f64>(at) + 1)
}

function unquote(from: usize, length: i32): i32 {
  let target = L.SCRATCH
  const end = from + <usize>length
  while (from < end) {
    const byte = load<u8>(from)
    store<u8>(target++, byte)
    from += byte == 34 && from + 1 < end && load<u8>(from + 1) == 34 ? 2 : 1
  }
  return <i32>(target - L.SCRATCH)
}

function isNullText(list: usize, from: usize, length: i32): bool {
  let entries = <i32>load<u16>(list)
  list += 2
  while (entries-- > 0) {
    const size = <i32>load<u16>(list)
    if (size == length && memory.compare(list + 2, from, <usize>length) == 0) return true
    list += 2 + <usize>size
  }
  return false
}

/** Encodes columns [first, last). Returns the new end of the row, or 0 with {@link rejectColumn} set. */
export function encodeRow(to: usize, first: i32, last: i32, cp1252: bool): usize {
  for (let index = first; index < last; index++) {
    const column = L.COLUMNS + <usize>(index * L.COLUMN_SIZE)
    const profile = L.PROFILE + <usize>(index * 64)
    const source = load<i32>(column + L.C_SOURCE)
    const flags = load<i32>(column + L.C_FLAGS)
    const type = load<i32>(column + L.C_TYPE)
    let from: usize = 0
    let length = 0
    if (source >= 0) {
      const field = L.FIELDS + <usize>source * 12
      from = <usize>load<u32>(field + L.F_START)
      length = load<i32>(field + L.F_LENGTH)
      if (load<i32>(field + L.F_FLAGS) & L.F_DOUBLED) {
        length = unquote(from, length)
        from = L.SCRATCH
      }
    }
    if (type != L.TEXT) {
      while (length > 0 && load<u8>(from) <= 32) {
        from++
        length--
      }
      while (length > 0 && load<u8>(from + <usize>length - 1) <= 32) length--
    }
    let end: usize = 0
    if (length > 0) {
      const nulls = load<u32>(column + L.C_NULLS)
      if (nulls != 0xffffffff && isNullText(L.NULLS + <usize>nulls, from, length)) length = 0
    }
    if (length > 0) {
      if (type == L.TEXT) {
        let size = copyText(from, length, to + 4, cp1252)
        if (size < 0) {
          rejectColumn = (-size << 16) | index
          return 0
        }
        if (size > 0 && flags & L.HOOK) size = hook(index, to + 4, size)
        if (size > 0) {
          store<u32>(to, bswap<u32>(<u32>size))
          end = to + 4 + <usize>size
        }
      } else {
        end = typed(type, column, profile, flags, from, length, to)
        if (end == 1) {
          rejectColumn |= index
          return 0
        }
      }
    }
    if (end == 0) {
      if (flags & L.NOT_NULL) {
        rejectColumn = (L.MISSING << 16) | index
        return 0
      }
      store<u32>(to, 0xffffffff)
      bump(profile + L.P_NULLS)
      to += 4
    } else to = end
  }
  return to
}

/** Encodes one value that is not text. 0: it means "none". 1: it is not what the contract says, reason in rejectColumn. */
function typed(type: i32, column: usize, profile: usize, flags: i32, from: usize, length: i32, to: usize): usize {
  switch (type) {
    case L.DECIMAL: {
      const scale = load<i32>(column + L.C_SCALE)
      if (!readNumber(from, length, scale)) return fail(L.BAD_NUMBER)
      note(column, profile, flags, scale)
      return writeNumeric(to, scale)
    }
    case L.INTEGER: {
      if (!readNumber(from, length, 9)) return fail(L.BAD_INTEGER)
      if (fraction != 0) return fail(L.BAD_INTEGER)
      note(column, profile, flags, 0)
      store<u32>(to, bswap<u32>(8))
      store<u64>(to + 4, bswap<u64>(negative ? 0 - whole : whole))
      return to + 12
    }
    case L.CNPJ:
      return cnpj(profile, from, length, to)
    default: {
      if (!readDate(from, length, type == L.MONTH)) return fail(L.BAD_DATE)
      if (year < load<i32>(column + L.C_NULL_YEAR)) {
        bump(profile + L.P_SENTINELS)
        return 0
      }
      if (type == L.TIMESTAMP) {
        store<u32>(to, bswap<u32>(8))
        store<u64>(to + 4, bswap<u64>(<u64>(<i64>days * 86400000000 + micros)))
        return to + 12
      }
      store<u32>(to, bswap<u32>(4))
      store<u32>(to + 4, bswap<u32>(<u32>days))
      return to + 8
    }
  }
}

@inline
function fail(reason: i32): usize {
  rejectColumn = reason << 16
  return 1
}

function note(column: usize, profile: usize, flags: i32, scale: i32): void {
  let value = <f64>whole + <f64>fraction / <f64>pow10(scale)
  if (negative) value = -value
  bump(profile + L.P_VALUES)
  store<f64>(profile + L.P_SUM, load<f64>(profile + L.P_SUM) + value)
  if (value < load<f64>(profile + L.P_MIN)) store<f64>(profile + L.P_MIN, value)
  if (value > load<f64>(profile + L.P_MAX)) store<f64>(profile + L.P_MAX, value)
  if (flags & L.HAS_RANGE && (value < load<f64>(column + L.C_LOW) || value > load<f64>(column + L.C_HIGH))) {
    bump(profile + L.P_OUTSIDE)
  }
}

/**
 * 14 characters, left-padded (Parquet and spreadsheets lose leading zeros). Since July 2026 the first twelve may be letters (IN RFB
 * 2.229/2024); such a number is never shortened. Wrong check digits are counted, not refused.
 */
function cnpj(profile: usize, from: usize, length: i32, to: usize): usize {
  const digits = to + 4
  store<u64>(digits, 0x3030303030303030)
  store<u64>(digits + 6, 0x3030303030303030)
  let count = 0
  let letters = false
  for (let i = length - 1; i >= 0; i--) {
    let byte = load<u8>(from + <usize>i)
    if (byte == 46 || byte == 47 || byte == 45) continue
    if (<u32>byte - 97 < 26) byte -= 32
    const letter = <u32>byte - 65 < 26
    if (!letter && <u32>byte - 48 > 9) return fail(L.BAD_CNPJ)
    if (count == 14 || (letter && count < 2)) return fail(L.BAD_CNPJ)
    letters = letters || letter
    store<u8>(digits + <usize>(13 - count), byte)
    count++
  }
  if (count == 0) return 0
  if (letters && count != 14) return fail(L.BAD_CNPJ)
  bump(profile + L.P_VALUES)
  if (!checkDigits(digits)) bump(profile + L.P_DOUBTFUL)
  store<u32>(to, bswap<u32>(14))
  return to + 18
}

function checkDigits(at: usize): bool {
  for (let length = 12; length <= 13; length++) {
    let sum = 0
    let weight = length - 7
    for (let i = 0; i < length; i++) {
      sum += (<i32>load<u8>(at + <usize>i) - 48) * weight
      weight = weight == 2 ? 9 : weight - 1
    }
    const rest = sum % 11
    const digit = rest < 2 ? 0 : 11 - rest
    if (<i32>load<u8>(at + <usize>length) - 48 != digit) return false
  }
  return true
}
