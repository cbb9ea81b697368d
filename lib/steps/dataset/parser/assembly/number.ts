// Numbers as the portal writes them: 1234,5 / ,00 / 1.234,56 / 8,9999999999999995E-9 / 1400 / -0,5
import { DIGITS, SCRATCH } from './layout'

/** The last number read: sign, whole part, fraction scaled to `scale` decimals. */
export let negative: bool = false
export let whole: u64 = 0
export let fraction: u64 = 0

const POW10 = memory.data<u64>([
  1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000,
  10000000000000, 100000000000000, 1000000000000000, 10000000000000000,
])
@inline
export function pow10(exponent: i32): u64 {
  return load<u64>(POW10 + (<usize>exponent << 3))
}

/** Reads a number with one separator at most. False: not a plain number. Rounds half away from zero at `scale`. */
function plain(from: usize, end: usize, scale: i32): bool {
  negative = false
  let at = from
  if (at < end) {
    const sign = load<u8>(at)
    if (sign == 45) {
      negative = true
      at++
    } else if (sign == 43) at++
  }
  let w: u64 = 0
  let f: u64 = 0
  let wholeDigits = 0
  let kept = 0
  let dropped = false
  let roundUp = false
  let point = false
  let any = false
  for (; at < end; at++) {
    const byte = load<u8>(at)
    const digit = <u32>byte - 48
    if (digit < 10) {
      any = true
      if (!point) {
        if (w != 0 || digit != 0) wholeDigits++
        if (wholeDigits > 18) return false
        w = w * 10 + digit
      } else if (kept < scale) {
        f = f * 10 + digit
        kept++
      } else if (!dropped) {
        roundUp = digit >= 5
        dropped = true
      }
    } else if (byte == 44 || byte == 46) {
      if (point) return false
      point = true
    } else return false
  }
  if (!any) return false
  f *= pow10(scale - kept)
  if (roundUp) {
    f++
    if (f == pow10(scale)) {
      f = 0
      w++
    }
  }
  whole = w
  fraction = f
  if (w == 0 && f == 0) negative = false
  return true
}

/** Reads any number the portal writes. False: it is not one. The caller has trimmed it. */
export function readNumber(from: usize, length: i32, scale: i32): bool {
  const end = from + <usize>length
  if (plain(from, end, scale)) return true
  // rare forms are rewritten plainly into the scratch area and read again
  let commas = 0
  let dots = 0
  let lastComma: usize = 0
  let lastDot: usize = 0
  let exponentAt: usize = 0
  for (let at = from; at < end; at++) {
    const byte = load<u8>(at)
    if (byte == 44) {
      commas++
      lastComma = at
    } else if (byte == 46) {
      dots++
      lastDot = at
    } else if (byte == 69 || byte == 101) {
      if (exponentAt != 0) return false
      exponentAt = at
    }
  }
  if (exponentAt != 0) return scientific(from, exponentAt, end, scale)
  // thousands: the last separator is the decimal one, the other stands before groups of three, and nothing else is believed
  let decimalAt: usize = 0
  let group: u8 = 0
  if (commas == 1 && dots > 0 && lastComma > lastDot) {
    decimalAt = lastComma
    group = 46
  } else if (dots == 1 && commas > 0 && lastDot > lastComma) {
    decimalAt = lastDot
    group = 44
  } else return false
  let target = SCRATCH
  let sinceGroup = -1
  for (let at = from; at < decimalAt; at++) {
    const byte = load<u8>(at)
    if (byte == group) {
      if (sinceGroup == 0 || (sinceGroup > 0 && sinceGroup != 3)) return false
      if (sinceGroup == -1 && (at - from > 4 || at == from)) return false
      sinceGroup = 0
    } else {
      if (sinceGroup >= 0) sinceGroup++
      store<u8>(target++, byte)
      if (target - SCRATCH > 40) return false
    }
  }
  if (sinceGroup != 3) return false
  for (let at = decimalAt; at < end; at++) {
    store<u8>(target++, load<u8>(at))
    if (target - SCRATCH > 80) return false
  }
  return plain(SCRATCH, target, scale)
}

function scientific(from: usize, exponentAt: usize, end: usize, scale: i32): bool {
  let at = exponentAt + 1
  let exponent = 0
  let minus = false
  if (at < end && (load<u8>(at) == 45 || load<u8>(at) == 43)) {
    minus = load<u8>(at) == 45
    at++
  }
  if (at >= end || end - at > 3) return false
  for (; at < end; at++) {
    const digit = <u32>load<u8>(at) - 48
    if (digit > 9) return false
    exponent = exponent * 10 + digit
  }
  if (exponent > 60) return false
  if (minus) exponent = -exponent
  // digits of the mantissa and the place of its point
  let count = 0
  let pointAfter = -1
  let sign: u8 = 0
  for (at = from; at < exponentAt; at++) {
    const byte = load<u8>(at)
    if (at == from && (byte == 45 || byte == 43)) {
      sign = byte
      continue
    }
    if (byte == 44 || byte == 46) {
      if (pointAfter >= 0) return false
      pointAfter = count
      continue
    }
    if (<u32>byte - 48 > 9 || count >= 60) return false
    store<u8>(DIGITS + <usize>(count++), byte)
  }
  if (count == 0) return false
  if (pointAfter < 0) pointAfter = count
  const place = pointAfter + exponent
  let target = SCRATCH
  if (sign == 45) store<u8>(target++, 45)
  let index = 0
  if (place <= 0) store<u8>(target++, 48)
  for (; index < place; index++) store<u8>(target++, index < count ? load<u8>(DIGITS + <usize>index) : 48)
  store<u8>(target++, 44)
  for (let zeros = place; zeros < 0; zeros++) store<u8>(target++, 48)
  for (index = place > 0 ? place : 0; index < count; index++) store<u8>(target++, load<u8>(DIGITS + <usize>index))
  return plain(SCRATCH, target, scale)
}

/** Writes the last number as PostgreSQL's binary numeric (length prefix included), dscale = scale. Returns the new end. */
export function writeNumeric(to: usize, scale: i32): usize {
  const fractionGroups = (scale + 3) >> 2
  let w = whole
  let f = fraction * pow10((fractionGroups << 2) - scale)
  // groups of four decimal digits, least significant first, into DIGITS
  let count = 0
  for (let index = 0; index < fractionGroups; index++) {
    store<u16>(DIGITS + (<usize>(count++) << 1), <u16>(f % 10000))
    f /= 10000
  }
  while (w != 0) {
    store<u16>(DIGITS + (<usize>(count++) << 1), <u16>(w % 10000))
    w /= 10000
  }
  let top = count
  while (top > 0 && load<u16>(DIGITS + (<usize>(top - 1) << 1)) == 0) top--
  let bottom = 0
  while (bottom < top && load<u16>(DIGITS + (<usize>bottom << 1)) == 0) bottom++
  const digits = top - bottom
  const weight = digits == 0 ? 0 : top - fractionGroups - 1
  store<u32>(to, bswap<u32>(8 + (digits << 1)))
  store<u16>(to + 4, bswap<u16>(<u16>digits))
  store<u16>(to + 6, bswap<u16>(<u16>weight))
  store<u16>(to + 8, negative ? bswap<u16>(0x4000) : 0)
  store<u16>(to + 10, bswap<u16>(<u16>scale))
  let at = to + 12
  for (let index = top - 1; index >= bottom; index--) {
    store<u16>(at, bswap<u16>(load<u16>(DIGITS + (<usize>index << 1))))
    at += 2
  }
  return at
}
