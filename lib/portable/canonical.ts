/** JSON with sorted keys, two spaces deep and with a line's end: equal values give equal files. No library, because the editor runs it too. */
export function canonicalFile(value: unknown): string {
  return `${JSON.stringify(sorted(value), undefined, 2)}\n`
}

/** {@link canonicalFile} on one line, for hashes. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? 'null'
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))
      .map(([name, part]) => [name, sorted(part)]),
  )
}
