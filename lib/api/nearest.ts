/**
 * The name that is most like another one, for "did you mean"; undefined when none is near. Looks at 64 characters and 1,000 names at
 * most, so that nobody can make it slow.
 */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const short = given.slice(0, 64)
  let best: string | undefined
  let least = Math.floor(Math.max(short.length, 3) / 2) + 1
  for (const name of names.slice(0, 1_000)) {
    const far = distance(short, name.slice(0, 64))
    if (far < least) [best, least] = [name, far]
  }
  return best
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
