/** The value below which `p` per cent of the samples are. */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? Number.NaN
}

export const median = (samples: readonly number[]): number => percentile(samples, 50)

/** Median, lowest and highest. */
export function range(samples: readonly number[], digits = 2): string {
  const text = (value: number) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return `${text(median(samples))} (${text(Math.min(...samples))} to ${text(Math.max(...samples))})`
}

/** A line of a table. */
export function row(name: string, ...cells: string[]): void {
  console.log(`  ${name.padEnd(12)} ${cells.filter((cell) => cell !== '').join(' | ')}`)
}
