/** Numbers that look random and follow from a seed. */
export interface Dice {
  /** Uniform in [0, 1). */
  roll(): number
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number
  pick<T>(from: readonly [T, ...T[]]): T
}

/** Dice of a seed; `name` gives each user of a seed a sequence of its own (SplitMix32). */
export function dice(seed: number, name: string): Dice {
  let state = seed | 0
  for (const letter of name) state = Math.imul(state ^ (letter.codePointAt(0) ?? 0), 0x01000193)
  const roll = () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
  const between = (least: number, most: number) => least + Math.floor(roll() * (most - least + 1))
  return {
    roll,
    between,
    pick: (from) => from[between(0, from.length - 1)] ?? from[0],
  }
}
