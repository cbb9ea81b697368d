// Text to UTF-8: trimmed, decoded, control characters mended.
import { BAD_ENCODING } from './layout'

// windows-1252, 0x80 to 0x9f (the WHATWG table; the five holes become U+FFFD and are counted as replacements).
const CP1252 = memory.data<u16>([
  0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd,
  0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
])

/** U+FFFD seen in the row at hand. */
export let replacement: bool = false
/** At least one valid multi-byte sequence was seen since the start: the file really is UTF-8. */
export let multibyte: bool = false

export function resetText(): void {
  replacement = false
  multibyte = false
}
export function newRow(): void {
  replacement = false
}

@inline
function put(to: usize, code: u32): usize {
  if (code < 0x80) {
    store<u8>(to, <u8>code)
    return to + 1
  }
  if (code < 0x800) {
    store<u8>(to, <u8>(0xc0 | (code >> 6)))
    store<u8>(to + 1, <u8>(0x80 | (code & 0x3f)))
    return to + 2
  }
  store<u8>(to, <u8>(0xe0 | (code >> 12)))
  store<u8>(to + 1, <u8>(0x80 | ((code >> 6) & 0x3f)))
  store<u8>(to + 2, <u8>(0x80 | (code & 0x3f)))
  return to + 3
}

@inline
function continuation(at: usize, end: usize): bool {
  return at < end && (load<u8>(at) & 0xc0) == 0x80
}

@inline
function blank(byte: u8): bool {
  return byte == 32 || (byte >= 9 && byte <= 13) || byte == 0
}

/** Copies text of `length` bytes to `to` as trimmed UTF-8. Returns the bytes written, or -BAD_ENCODING. */
export function copyText(from: usize, length: i32, to: usize, cp1252: bool): i32 {
  let end = from + <usize>length
  while (from < end && blank(load<u8>(from))) from++
  while (end > from && blank(load<u8>(end - 1))) end--
  // plain ASCII, the common case: copy 16 bytes at a time and look whether anything needs care
  const spaces = i8x16.splat(32)
  let at = from
  let target = to
  while (at < end) {
    const block = v128.load(at)
    // signed comparison: bytes of 0x80 and above are negative, hence below 32 as well
    let special = i8x16.bitmask(i8x16.lt_s(block, spaces))
    const left = <i32>(end - at)
    if (left < 16) special &= (1 << left) - 1
    v128.store(target, block)
    if (special != 0) {
      const offset = <usize>ctz(special)
      return slowText(at + offset, end, target + offset, to, cp1252)
    }
    at += 16
    target += 16
  }
  return <i32>(end - from)
}

function slowText(at: usize, end: usize, target: usize, begin: usize, cp1252: bool): i32 {
  while (at < end) {
    const byte = <u32>load<u8>(at)
    if (byte < 0x80) {
      at++
      if (byte == 0) continue // NUL: PostgreSQL has no such character, and it means nothing here
      if (byte == 0x1a) {
        target = put(target, 0x2013) // SUB stands where a dash was lost
        continue
      }
      store<u8>(target++, <u8>byte)
      continue
    }
    if (cp1252) {
      at++
      const code = byte < 0xa0 ? <u32>load<u16>(CP1252 + <usize>((byte - 0x80) << 1)) : byte
      if (code == 0xfffd) replacement = true
      target = put(target, code)
      continue
    }
    if (byte >= 0xc2 && byte < 0xe0) {
      if (!continuation(at + 1, end)) return -BAD_ENCODING
      const code = ((byte & 0x1f) << 6) | (<u32>load<u8>(at + 1) & 0x3f)
      at += 2
      multibyte = true
      if (code < 0xa0) {
        // C1 controls: windows-1252 that somebody decoded as Latin-1
        const mapped = <u32>load<u16>(CP1252 + <usize>((code - 0x80) << 1))
        if (mapped == 0xfffd) replacement = true
        target = put(target, mapped)
      } else target = put(target, code)
      continue
    }
    if (byte >= 0xe0 && byte < 0xf0) {
      if (!continuation(at + 1, end) || !continuation(at + 2, end)) return -BAD_ENCODING
      const second = <u32>load<u8>(at + 1)
      if ((byte == 0xe0 && second < 0xa0) || (byte == 0xed && second > 0x9f)) return -BAD_ENCODING
      const third = <u32>load<u8>(at + 2)
      if (byte == 0xef && second == 0xbf && third == 0xbd) replacement = true
      store<u8>(target, <u8>byte)
      store<u8>(target + 1, <u8>second)
      store<u8>(target + 2, <u8>third)
      target += 3
      at += 3
      multibyte = true
      continue
    }
    if (byte >= 0xf0 && byte < 0xf5) {
      if (!continuation(at + 1, end) || !continuation(at + 2, end) || !continuation(at + 3, end)) return -BAD_ENCODING
      const second = <u32>load<u8>(at + 1)
      if ((byte == 0xf0 && second < 0x90) || (byte == 0xf4 && second > 0x8f)) return -BAD_ENCODING
      store<u32>(target, load<u32>(at))
      target += 4
      at += 4
      multibyte = true
      continue
    }
    return -BAD_ENCODING
  }
  return trimNbsp(begin, target)
}

/** No-break spaces at the ends are padding too. Returns the length left at `begin`. */
function trimNbsp(begin: usize, end: usize): i32 {
  let from = begin
  while (from < end) {
    if (load<u8>(from) == 32) from++
    else if (from + 1 < end && load<u8>(from) == 0xc2 && load<u8>(from + 1) == 0xa0) from += 2
    else break
  }
  while (end > from) {
    if (load<u8>(end - 1) == 32) end--
    else if (end - from >= 2 && load<u8>(end - 2) == 0xc2 && load<u8>(end - 1) == 0xa0) end -= 2
    else break
  }
  if (from != begin) memory.copy(begin, from, end - from)
  return <i32>(end - from)
}
