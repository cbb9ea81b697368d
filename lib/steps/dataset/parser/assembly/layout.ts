// Memory of the parser: fixed regions, never grown, so that a 1.4 GB file costs what a small one does.
// Pages that a load does not touch (the window, when there is nothing to compare with) are never resident.

/** Longest record; a longer one is an unclosed quote. */
export const MAX_RECORD: i32 = 128 * 1024
/** Input: what is left of the last chunk, a chunk of at most 256 KiB, and 64 bytes that SIMD may read past the end. */
export const IN_SIZE: i32 = MAX_RECORD + 256 * 1024
export const IN = memory.data(MAX_RECORD + 256 * 1024 + 64)

/** Output blocks: each has room in front for a message header and slack behind for one longest row, grown by decoding. */
export const OUT_BLOCKS: i32 = 6
export const OUT_HEADROOM: i32 = 64
export const OUT_SOFT: i32 = 256 * 1024
export const OUT_STRIDE: i32 = 64 + 256 * 1024 + 4 * 128 * 1024
export const OUT = memory.data(6 * (64 + 256 * 1024 + 4 * 128 * 1024))

/** Row signatures in file order: key hash, row hash. */
export const SIG_ROWS: i32 = 16 * 1024
export const SIG = memory.data(16 * 1024 * 16)

/** Rejected rows: 24 bytes each (line, reason, column, fields seen, raw offset, raw length), and their raw bytes. */
export const REJECTS_MAX: i32 = 1024
export const REJECTS = memory.data(1024 * 24)
export const RAW_SIZE: i32 = 256 * 1024
export const RAW = memory.data(256 * 1024)

/** Fields of the record at hand: start, length, flags. */
export const FIELDS_MAX: i32 = 1024
export const FIELDS = memory.data(1024 * 12)

/** Output columns as the host configured them, 64 bytes each; their null texts; their profile, 64 bytes each. */
export const COLUMNS_MAX: i32 = 512
export const COLUMN_SIZE: i32 = 64
export const COLUMNS = memory.data(512 * 64)
export const NULLS = memory.data(64 * 1024)
export const PROFILE = memory.data(512 * 64)

/** A field without its doubled quotes, or a number rewritten plainly. */
export const SCRATCH = memory.data(128 * 1024 + 64)
export const DIGITS = memory.data(256)

/** One bit per key hash: a key whose bit is set may have come before. Few false alarms, none missed, and flat. */
export const SEEN_BITS: i32 = 25
export const SEEN = memory.data(1 << 22)

/** Old signatures that the host offers, and those that nobody claimed. */
export const OFFER_MAX: i32 = 4096
export const OFFER = memory.data(4096 * 16)
export const GONE_MAX: i32 = 8192
export const GONE = memory.data(8192 * 16)
export const RING_SIZE: i32 = 1 << 18
export const RING = memory.data((1 << 18) * 16)
export const MATCHED = memory.data(1 << 18)
export const SLOTS: i32 = 1 << 19
export const TABLE = memory.data((1 << 19) * 4)

// Column configuration, offsets
export const C_SOURCE: usize = 0 // i32: index of the field in the record, -1 when the file has none
export const C_TYPE: usize = 4
export const C_SCALE: usize = 8
export const C_FLAGS: usize = 12 // 1 not null, 2 has range, 4 hook
export const C_NULL_YEAR: usize = 16
export const C_NULLS: usize = 20 // u32 offset into NULLS: count, then (length u16, bytes)…; 0xffffffff none
export const C_LOW: usize = 24 // f64
export const C_HIGH: usize = 32 // f64

// Profile, offsets
export const P_NULLS: usize = 0 // f64 counts, so that the host reads one kind of number
export const P_VALUES: usize = 8
export const P_SUM: usize = 16
export const P_MIN: usize = 24
export const P_MAX: usize = 32
export const P_OUTSIDE: usize = 40
export const P_SENTINELS: usize = 48
export const P_DOUBTFUL: usize = 56 // CNPJ whose check digits are wrong

export const TEXT: i32 = 1
export const INTEGER: i32 = 2
export const DECIMAL: i32 = 3
export const DATE: i32 = 4
export const MONTH: i32 = 5
export const TIMESTAMP: i32 = 6
export const CNPJ: i32 = 7

export const NOT_NULL: i32 = 1
export const HAS_RANGE: i32 = 2
export const HOOK: i32 = 4

// Why a row is rejected
export const RAGGED: i32 = 1
export const BAD_NUMBER: i32 = 2
export const BAD_DATE: i32 = 3
export const MISSING: i32 = 4
export const BAD_ENCODING: i32 = 5
export const BAD_QUOTE: i32 = 6
export const BAD_CNPJ: i32 = 7
export const BAD_INTEGER: i32 = 8

// What parse() answers
export const NEED_INPUT: i32 = 0
export const OUT_FULL: i32 = 1
export const SIG_FULL: i32 = 2
export const REJECTS_FULL: i32 = 3
export const NEED_OLD: i32 = 4
export const END: i32 = 5
export const TOO_LONG: i32 = -1
export const NOT_UTF8: i32 = -2

export const F_START: usize = 0
export const F_LENGTH: usize = 4
export const F_FLAGS: usize = 8
export const F_DOUBLED: i32 = 1 // holds doubled quotes
