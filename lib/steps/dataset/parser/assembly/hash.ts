// xxHash64 (Yann Collet's published algorithm), over the normalised binary values of a row.
const P1: u64 = 11400714785074694791
const P2: u64 = 14029467366897019727
const P3: u64 = 1609587929392839161
const P4: u64 = 9650029242287828579
const P5: u64 = 2870177450012600261

@inline
function round(acc: u64, input: u64): u64 {
  return rotl<u64>(acc + input * P2, 31) * P1
}
@inline
function merge(acc: u64, value: u64): u64 {
  return (acc ^ round(0, value)) * P1 + P4
}

/** xxHash64 with seed 0. */
export function xxh64(from: usize, length: i32): u64 {
  const end = from + <usize>length
  let at = from
  let h: u64
  if (length >= 32) {
    let a = P1 + P2
    let b = P2
    let c: u64 = 0
    let d: u64 = 0 - P1
    const limit = end - 32
    do {
      a = round(a, load<u64>(at))
      b = round(b, load<u64>(at + 8))
      c = round(c, load<u64>(at + 16))
      d = round(d, load<u64>(at + 24))
      at += 32
    } while (at <= limit)
    h = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18)
    h = merge(merge(merge(merge(h, a), b), c), d)
  } else h = P5
  h += <u64>length
  while (at + 8 <= end) {
    h = rotl<u64>(h ^ round(0, load<u64>(at)), 27) * P1 + P4
    at += 8
  }
  if (at + 4 <= end) {
    h = rotl<u64>(h ^ (<u64>load<u32>(at) * P1), 23) * P2 + P3
    at += 4
  }
  while (at < end) {
    h = rotl<u64>(h ^ (<u64>load<u8>(at) * P5), 11) * P1
    at++
  }
  h ^= h >> 33
  h *= P2
  h ^= h >> 29
  h *= P3
  return h ^ (h >> 32)
}
