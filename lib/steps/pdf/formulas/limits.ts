import type { Item } from './atoms.ts'
import { middle } from './geometry.ts'
import { node } from './node.ts'
import { functionName, limitWords } from './symbols.ts'

type Below = (items: readonly Item[]) => Item | undefined

/** Gives big operators (and lim, max, min) what stands under and over them. */
export function placeLimits(items: readonly Item[], below: Below): Item[] {
  let left = joinWords(items)
  for (const operator of left.filter(takesLimits)) {
    const others = left.filter(takesLimits)
    const full = operatorSize(operator, left)
    const small = left.filter(
      (item) => item !== operator && item.size < 0.87 * full && nearestOf(item, others) === operator,
    )
    const under = row(small, operator, (item) => item.axis > operator.axis + 0.45 * operator.size)
    const over = row(small, operator, (item) => item.axis < operator.axis - 0.45 * operator.size)
    if (under.length === 0 && over.length === 0) continue
    const lower = below(under)
    const upper = below(over)
    const latex =
      operator.latex +
      (lower === undefined ? '' : `_{${lower.latex}}`) +
      (upper === undefined ? '' : `^{${upper.latex}}`)
    const used = [operator, ...under, ...over]
    const made = node(used, latex, {
      role: operator.role,
      tall: true,
      axis: operator.axis,
      baseline: operator.baseline,
      size: operator.size,
    })
    left = [...left.filter((item) => !used.includes(item)), made]
  }
  return left
}

const takesLimits = (item: Item): boolean => item.role === 'big'

/** The operator whose middle is nearest across the page: limits of neighbours stand close to each other. */
function nearestOf(item: Item, operators: readonly Item[]): Item | undefined {
  const distance = (one: Item): number => Math.abs(middle(one) - middle(item))
  return operators.toSorted((a, b) => distance(a) - distance(b))[0]
}

/** What is small beside the line that the operator is in. */
function operatorSize(operator: Item, items: readonly Item[]): number {
  const letters = items.filter((item) => item.role === 'letter' || item.role === 'digit' || item.role === 'relation')
  const near = letters.filter((item) => Math.abs(item.axis - operator.axis) < 0.3 * operator.size)
  return Math.max(0, ...near.map((item) => item.size)) || operator.size
}

/** Small pieces in one run whose middle is over or under the operator. */
function row(small: readonly Item[], operator: Item, beyond: (item: Item) => boolean): Item[] {
  const candidates = small.filter(beyond).toSorted((a, b) => a.left - b.left)
  const runs: Item[][] = []
  for (const item of candidates) {
    const run = runs.at(-1)
    const end = run === undefined ? -Infinity : Math.max(...run.map((one) => one.right))
    if (run !== undefined && item.left - end < 0.9 * item.size) run.push(item)
    else runs.push([item])
  }
  const width = operator.right - operator.left
  return (
    runs.find((run) => {
      const left = Math.min(...run.map((item) => item.left))
      const right = Math.max(...run.map((item) => item.right))
      const middle = (left + right) / 2
      return (
        middle > operator.left - 0.4 * width &&
        middle < operator.right + 0.4 * width &&
        left < operator.right - 0.15 * width
      )
    }) ?? []
  )
}

/** lim, max and min with something small under them are one piece. */
function joinWords(items: readonly Item[]): Item[] {
  const size = Math.max(0, ...items.filter((item) => !item.tall).map((item) => item.size))
  const letters = items
    .filter((item) => /^[a-z]$/.test(item.text) && item.size > 0.87 * size)
    .toSorted((a, b) => a.left - b.left)
  let left = [...items]
  for (let at = 0; at + 2 < letters.length; at += 1) {
    const three = letters.slice(at, at + 3)
    const word = three.map((item) => item.text).join('')
    const [first] = three
    if (first === undefined || !limitWords.has(word)) continue
    const together = three.every((item, index) => {
      const before = three[index - 1]
      return (
        before === undefined ||
        (item.left - before.right < 0.15 * item.size && Math.abs(item.baseline - before.baseline) < 0.5)
      )
    })
    const end = three[2]?.right ?? first.right
    const hasUnder = items.some(
      (item) =>
        item.size < 0.87 * first.size &&
        item.axis > first.axis + 0.5 * first.size &&
        item.axis < first.axis + 1.6 * first.size &&
        item.left < end &&
        item.right > first.left,
    )
    if (!together || !hasUnder) continue
    const made = node(three, functionName(word), {
      role: 'big',
      baseline: first.baseline,
      axis: first.axis,
      size: first.size,
    })
    left = [...left.filter((item) => !three.includes(item)), made]
  }
  return left
}
