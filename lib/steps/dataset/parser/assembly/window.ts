// Which rows of the new file stood in the old one? Both are read in file order; a window of old signatures slides along.
// What lies outside the window is not lost: such a row is sent as a candidate, and the database sorts it out.
import { GONE, GONE_MAX, MATCHED, OFFER, RING, RING_SIZE, SLOTS, TABLE } from './layout'

/** Old signatures taken in so far, and the oldest that is still in the ring. */
export let taken: i64 = 0
let oldest: i64 = 0
/** Signatures now in GONE. */
export let gone: i32 = 0

export function resetWindow(): void {
  taken = 0
  oldest = 0
  gone = 0
  memory.fill(TABLE, 0, <usize>SLOTS * 4)
}

@inline
function slotOf(key: u64, row: u64): i32 {
  return <i32>(((key ^ (row * 0x9e3779b97f4a7c15)) * 0xbf58476d1ce4e5b9) >> 45) & (SLOTS - 1)
}
@inline
function entry(index: u32): usize {
  return RING + (<usize>index << 4)
}

/** Takes `count` old signatures from OFFER. The caller keeps count <= room in GONE. */
export function offer(count: i32): void {
  for (let i = 0; i < count; i++) {
    if (taken - oldest == <i64>RING_SIZE) evict()
    const index = <u32>(taken & <i64>(RING_SIZE - 1))
    const from = OFFER + (<usize>i << 4)
    const key = load<u64>(from)
    const row = load<u64>(from + 8)
    store<u64>(entry(index), key)
    store<u64>(entry(index) + 8, row)
    store<u8>(MATCHED + <usize>index, 0)
    let slot = slotOf(key, row)
    while (load<u32>(TABLE + (<usize>slot << 2)) != 0) slot = (slot + 1) & (SLOTS - 1)
    store<u32>(TABLE + (<usize>slot << 2), index + 1)
    taken++
  }
}

function evict(): void {
  const index = <u32>(oldest & <i64>(RING_SIZE - 1))
  oldest++
  if (load<u8>(MATCHED + <usize>index) != 0) return
  const at = entry(index)
  const key = load<u64>(at)
  const row = load<u64>(at + 8)
  let slot = slotOf(key, row)
  while (load<u32>(TABLE + (<usize>slot << 2)) != index + 1) slot = (slot + 1) & (SLOTS - 1)
  free(slot)
  store<u64>(GONE + (<usize>gone << 4), key)
  store<u64>(GONE + (<usize>gone << 4) + 8, row)
  gone++
}

/** Linear probing without tombstones: later entries of the chain move up. */
function free(hole: i32): void {
  let slot = hole
  while (true) {
    slot = (slot + 1) & (SLOTS - 1)
    const value = load<u32>(TABLE + (<usize>slot << 2))
    if (value == 0) break
    const at = entry(value - 1)
    const home = slotOf(load<u64>(at), load<u64>(at + 8))
    if (((slot - home) & (SLOTS - 1)) >= ((slot - hole) & (SLOTS - 1))) {
      store<u32>(TABLE + (<usize>hole << 2), value)
      hole = slot
    }
  }
  store<u32>(TABLE + (<usize>hole << 2), 0)
}

/** True when an old row with this signature was waiting; it is used up. */
export function claim(key: u64, row: u64): bool {
  let slot = slotOf(key, row)
  while (true) {
    const value = load<u32>(TABLE + (<usize>slot << 2))
    if (value == 0) return false
    const at = entry(value - 1)
    if (load<u64>(at) == key && load<u64>(at + 8) == row) {
      store<u8>(MATCHED + <usize>(value - 1), 1)
      free(slot)
      return true
    }
    slot = (slot + 1) & (SLOTS - 1)
  }
}

/** Evicts what is left, as far as GONE has room. True when the ring is empty. */
export function drain(): bool {
  while (oldest < taken) {
    if (gone == GONE_MAX) return false
    evict()
  }
  return true
}

export function clearGone(): void {
  gone = 0
}
