// Splits one record into fields. SIMD looks at 16 bytes at a time; most fields end within the first look.
import { F_DOUBLED, F_FLAGS, F_LENGTH, F_START, FIELDS, FIELDS_MAX } from './layout'

/** Set by the last call: where the next record starts, how many line ends lay inside quotes, whether quoting was broken. */
export let next: usize = 0
export let innerLines: i32 = 0
export let broken: bool = false

@inline
function field(index: i32, start: usize, length: i32, flags: i32): void {
  if (index < FIELDS_MAX) {
    const at = FIELDS + <usize>index * 12
    store<u32>(at + F_START, <u32>start)
    store<i32>(at + F_LENGTH, length)
    store<i32>(at + F_FLAGS, flags)
  }
}

/**
 * Splits the record at `start`. Returns the number of fields, or -1 when the input ends before the record does (and more may
 * come). `final` makes the end of input end the record.
 */
export function split(start: usize, end: usize, delimiter: i32, quote: i32, final: bool): i32 {
  const delimiters = i8x16.splat(<i8>delimiter)
  const lineEnds = i8x16.splat(10)
  const quotes = i8x16.splat(<i8>quote)
  let count = 0
  let at = start
  innerLines = 0
  broken = false
  while (true) {
    if (at < end && load<u8>(at) == <u8>quote) {
      const from = at + 1
      let flags = 0
      at = from
      while (true) {
        // inside quotes: to the next quote
        let found: usize = 0
        while (at < end) {
          const block = v128.load(at)
          let mask = i8x16.bitmask(i8x16.eq(block, quotes))
          let lines = i8x16.bitmask(i8x16.eq(block, lineEnds))
          if (mask != 0) {
            const offset = ctz(mask)
            lines &= (1 << offset) - 1
            innerLines += popcnt(lines)
            found = at + <usize>offset
            break
          }
          if (lines != 0) {
            const left = <i32>(end - at)
            if (left < 16) lines &= (1 << left) - 1
            innerLines += popcnt(lines)
          }
          at += 16
        }
        if (found == 0 || found >= end) {
          if (!final) return -1
          broken = true
          field(count++, from, <i32>(end - from), flags)
          next = end
          return count
        }
        at = found + 1
        if (at >= end && !final) return -1
        if (at < end && load<u8>(at) == <u8>quote) {
          flags |= F_DOUBLED
          at++
          continue
        }
        field(count++, from, <i32>(found - from), flags)
        break
      }
      if (at >= end) {
        next = end
        return count
      }
      let byte = load<u8>(at)
      if (byte == <u8>delimiter) {
        at++
        continue
      }
      if (byte == 13) {
        at++
        if (at >= end) {
          if (!final) return -1
          next = end
          return count
        }
        byte = load<u8>(at)
      }
      if (byte == 10) {
        next = at + 1
        return count
      }
      // text after a closing quote: the record is not well formed; find its end and say so
      broken = true
      while (at < end && load<u8>(at) != 10) at++
      if (at >= end && !final) return -1
      next = at < end ? at + 1 : end
      return count
    }
    // unquoted: to the next delimiter or line end
    const from = at
    let stop: usize = 0
    while (at < end) {
      const block = v128.load(at)
      const mask = i8x16.bitmask(v128.or(i8x16.eq(block, delimiters), i8x16.eq(block, lineEnds)))
      if (mask != 0) {
        stop = at + <usize>ctz(mask)
        break
      }
      at += 16
    }
    if (stop == 0 || stop >= end) {
      if (!final) return -1
      let length = <i32>(end - from)
      if (length > 0 && load<u8>(end - 1) == 13) length--
      field(count++, from, length, 0)
      next = end
      return count
    }
    if (load<u8>(stop) == 10) {
      let length = <i32>(stop - from)
      if (length > 0 && load<u8>(stop - 1) == 13) length--
      field(count++, from, length, 0)
      next = stop + 1
      return count
    }
    field(count++, from, <i32>(stop - from), 0)
    at = stop + 1
  }
  return -1 // not reached; the compiler wants it
}
