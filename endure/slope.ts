/** A trend and how sure it is. */
export interface Slope {
  /** Units of y per unit of x: the median of the slopes between all pairs of points (Theil and Sen). */
  value: number
  /** 95 % of the chances lie between these two (Sen's interval by Kendall's variance); infinite with fewer than four points. */
  low: number
  high: number
}

/** Two-sided 95 % of the normal distribution. */
const z = 1.96

/** The Theil-Sen slope of evenly weighted points; outliers such as one late collection of garbage do not move it. */
export function theilSen(points: readonly (readonly [x: number, y: number])[]): Slope {
  const slopes: number[] = []
  for (const [index, [x1, y1]] of points.entries())
    for (const [x2, y2] of points.slice(index + 1)) if (x2 !== x1) slopes.push((y2 - y1) / (x2 - x1))
  slopes.sort((a, b) => a - b)
  const n = points.length
  const at = (rank: number) => slopes[Math.min(Math.max(rank, 0), slopes.length - 1)] ?? 0
  const value =
    slopes.length % 2 === 1 ? at((slopes.length - 1) / 2) : (at(slopes.length / 2 - 1) + at(slopes.length / 2)) / 2
  if (n < 4) return { value, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
  const spread = z * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  return {
    value,
    low: at(Math.floor((slopes.length - spread) / 2)),
    high: at(Math.ceil((slopes.length + spread) / 2) - 1),
  }
}
