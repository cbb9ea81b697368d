import { axisHeight, type Item } from './atoms.ts'
import { join, type Token } from './latex.ts'
import { node } from './node.ts'

type Below = (items: readonly Item[]) => Item | undefined
type Place = 'on' | 'sub' | 'sup'

/** The line that most of a formula stands on. */
interface Main {
  size: number
  baseline: number
  axis: number
}

/** Puts pieces on their line, with sub- and superscripts, and makes them LaTeX. */
export function lineOf(items: readonly Item[], below: Below): Item | undefined {
  if (items.length === 0) return undefined
  const main = mainLine(items)
  const sorted = items.toSorted((a, b) => a.left - b.left || a.right - b.right)
  const tokens: Token[] = []
  let scripts: { sub: Item[]; sup: Item[] } = { sub: [], sup: [] }
  let doubt = 0
  const attach = (): void => {
    const { sub, sup } = scripts
    scripts = { sub: [], sup: [] }
    const lower = below(sub)
    const upper = below(sup)
    if (lower === undefined && upper === undefined) return
    doubt += (lower?.doubt ?? 0) + (upper?.doubt ?? 0)
    let base = tokens.at(-1)
    if (base === undefined) {
      base = { latex: '{}', item: undefined, scripts: '' }
      tokens.push(base)
      doubt += 0.1
    }
    base.scripts += (lower === undefined ? '' : `_{${lower.latex}}`) + raised(upper?.latex)
    base.end = Math.max(base.end ?? -Infinity, lower?.right ?? -Infinity, upper?.right ?? -Infinity)
  }
  for (const item of sorted) {
    const place = placeOf(item, main)
    if (place === 'on') {
      attach()
      tokens.push({ latex: item.latex, item, scripts: '' })
      doubt += item.doubt
      continue
    }
    const owner = ownerOf(item, scripts) ?? place
    scripts[owner].push(item)
  }
  attach()
  return node(items, join(tokens, main.size), {
    baseline: main.baseline,
    axis: main.axis,
    size: main.size,
    doubt,
  })
}

/** A superscript; primes are raised already. */
function raised(latex: string | undefined): string {
  if (latex === undefined) return ''
  return /^'+$/.test(latex) ? latex : `^{${latex.replaceAll("'", '\\prime ')}}`
}

/** Scripts of scripts follow what they stand at, also where they cross the line. */
function ownerOf(item: Item, scripts: { sub: readonly Item[]; sup: readonly Item[] }): 'sub' | 'sup' | undefined {
  for (const name of ['sub', 'sup'] as const) {
    const bigger = scripts[name].findLast((one) => item.size < 0.92 * one.size)
    const last = scripts[name].at(-1)
    if (bigger === undefined || last === undefined) continue
    const near = item.left - last.right < 0.3 * bigger.size && Math.abs(item.axis - bigger.axis) < 0.75 * bigger.size
    const other = scripts[name === 'sub' ? 'sup' : 'sub'].at(-1)
    const nearer = other === undefined || Math.abs(item.axis - bigger.axis) < Math.abs(item.axis - other.axis)
    if (near && nearer) return name
  }
  return undefined
}

function mainLine(items: readonly Item[]): Main {
  const plain = items.filter((item) => !item.tall && item.role !== 'accent')
  const pool = plain.length > 0 ? plain : items
  const size = Math.max(...pool.map((item) => item.size))
  const full = pool.filter((item) => item.size > 0.85 * size)
  const chars = full.filter((item) => item.role !== 'node')
  // nothing but limits and fractions beside an operator: the line is the operator's
  const operator = items.find((item) => item.role === 'big' && item.size > size / 0.87)
  if (operator !== undefined && chars.every((item) => Math.abs(item.axis - operator.axis) > 0.3 * size)) {
    const { axis } = operator
    return { size: operator.size, baseline: axis + axisHeight * operator.size, axis }
  }
  const lines: { y: number; weight: number }[] = []
  const first = Math.min(...full.map((item) => item.left))
  const judged = chars.length > 0 ? chars : full
  for (const item of judged) {
    const y = item.role === 'node' ? item.axis + axisHeight * size : item.baseline
    const weight =
      (item.right - item.left) * (item.role === 'relation' ? 4 : 1) + (item.left < first + 0.1 * size ? size : 0)
    const line = lines.find((one) => Math.abs(one.y - y) < 0.12 * size)
    if (line === undefined) lines.push({ y, weight })
    else line.weight += weight
  }
  lines.sort((a, b) => b.weight - a.weight)
  const baseline = lines[0]?.y ?? 0
  return { size, baseline, axis: baseline - axisHeight * size }
}

function placeOf(item: Item, main: Main): Place {
  const { size, baseline, axis } = main
  if (item.role === 'node') {
    const off = item.axis - axis
    const reach = item.size < 0.87 * size ? 0.25 : 0.4
    return Math.abs(off) <= reach * size ? 'on' : off > 0 ? 'sub' : 'sup'
  }
  if (item.tall && item.size > 0.87 * size) return 'on'
  const off = item.baseline - baseline
  if (item.size > 0.87 * size) return Math.abs(off) <= 0.1 * size ? 'on' : off > 0 ? 'sub' : 'sup'
  if (item.role === 'binary' || item.role === 'relation' || item.tall) {
    const across = item.axis - axis
    if (Math.abs(across) < 0.1 * size) return 'on'
  }
  if (Math.abs(off) <= 0.04 * size) return 'on'
  return off > 0 ? 'sub' : 'sup'
}
