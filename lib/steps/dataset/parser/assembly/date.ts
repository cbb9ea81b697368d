// Dates: YYYY-MM-DD, DD/MM/YYYY, MM/YYYY, YYYY-MM, each with an optional time. All of the calendar is checked.

/** The last date read. */
export let days: i32 = 0 // since 2000-01-01
export let year: i32 = 0
export let micros: i64 = 0 // of the day

@inline
function digits(at: usize, count: i32): i32 {
  let value = 0
  for (let index = 0; index < count; index++) {
    const digit = <u32>load<u8>(at + <usize>index) - 48
    if (digit > 9) return -1
    value = value * 10 + <i32>digit
  }
  return value
}

@inline
function leap(y: i32): bool {
  return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0
}

const LENGTHS = memory.data<u8>([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])

/** Days since 2000-01-01 of a proleptic Gregorian date (Howard Hinnant's days_from_civil). */
function civil(y: i32, m: i32, d: i32): i32 {
  y -= <i32>(m <= 2)
  const era = (y >= 0 ? y : y - 399) / 400
  const yoe = y - era * 400
  const doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1
  const doe = yoe * 365 + yoe / 4 - yoe / 100 + doy
  return era * 146097 + doe - 719468 - 10957
}

/** Reads a date (`monthOnly`: also a bare month, and the day becomes 1). False: it is none. The caller has trimmed it. */
export function readDate(from: usize, length: i32, monthOnly: bool): bool {
  let y = -1
  let m = -1
  let d = 1
  let used = 0
  if (length >= 10) {
    const third = load<u8>(from + 2)
    if (load<u8>(from + 4) == 45 && load<u8>(from + 7) == 45) {
      y = digits(from, 4)
      m = digits(from + 5, 2)
      d = digits(from + 8, 2)
      used = 10
    } else if (third == 47 && load<u8>(from + 5) == 47) {
      d = digits(from, 2)
      m = digits(from + 3, 2)
      y = digits(from + 6, 4)
      used = 10
    } else return false
  } else if (monthOnly && length == 7) {
    if (load<u8>(from + 2) == 47) {
      m = digits(from, 2)
      y = digits(from + 3, 4)
    } else if (load<u8>(from + 4) == 45) {
      y = digits(from, 4)
      m = digits(from + 5, 2)
    } else return false
    used = 7
  } else return false
  if (y < 1 || m < 1 || m > 12 || d < 1) return false
  if (d > <i32>load<u8>(LENGTHS + <usize>(m - 1)) + <i32>(m == 2 && leap(y))) return false
  micros = 0
  if (length > used && !readTime(from + <usize>used, length - used)) return false
  if (monthOnly) {
    d = 1
    micros = 0
  }
  year = y
  days = civil(y, m, d)
  return true
}

/** `T00:00`, ` 13:45:10`, with optional fraction and Z. */
function readTime(from: usize, length: i32): bool {
  const separator = load<u8>(from)
  if (separator != 84 && separator != 32) return false
  if (length < 6 || load<u8>(from + 3) != 58) return false
  const h = digits(from + 1, 2)
  const min = digits(from + 4, 2)
  let s = 0
  let fraction: i64 = 0
  let at = 6
  if (length >= 9 && load<u8>(from + 6) == 58) {
    s = digits(from + 7, 2)
    at = 9
    if (length > at && (load<u8>(from + 9) == 46 || load<u8>(from + 9) == 44)) {
      at++
      let unit: i64 = 100000
      const first = at
      while (at < length) {
        const digit = <u32>load<u8>(from + <usize>at) - 48
        if (digit > 9) break
        fraction += unit * <i64>digit
        unit /= 10
        at++
      }
      if (at == first) return false
    }
  }
  if (at < length && load<u8>(from + <usize>at) == 90) at++
  if (at != length || h < 0 || h > 23 || min < 0 || min > 59 || s < 0 || s > 59) return false
  micros = ((<i64>h * 60 + <i64>min) * 60 + <i64>s) * 1000000 + fraction
  return true
}
