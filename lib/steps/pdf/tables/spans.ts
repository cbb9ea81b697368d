/** First and last column between the edges `xs` that a segment covers at least a fifth of, or lies in. */
export function alignedSpan(xs: readonly number[], segment: { left: number; right: number }): [number, number] {
  const middle = (segment.left + segment.right) / 2
  let first = -1
  let last = -1
  for (let column = 0; column + 1 < xs.length; column += 1) {
    const left = xs[column] ?? 0
    const right = xs[column + 1] ?? 0
    const shared = Math.min(right, segment.right) - Math.max(left, segment.left)
    if (shared < 0.2 * (right - left) && !(middle >= left && middle < right)) continue
    if (first < 0) first = column
    last = column
  }
  return first < 0 ? [0, 0] : [first, last]
}
