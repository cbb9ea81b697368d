import type { Item } from './atoms.ts'
import { node } from './node.ts'

type Below = (items: readonly Item[]) => Item | undefined

const closing: Record<string, string> = { '(': ')', '[': ']', '{': '}', '|': '|', '‖': '‖', '⌈': '⌉', '⌊': '⌋' }
const environments: Record<string, string> = { '(': 'pmatrix', '[': 'bmatrix', '|': 'vmatrix', '{': 'Bmatrix' }

/** Rows in brackets (matrices, binomials) and after a brace (cases) become one piece. */
export function foldRows(items: readonly Item[], below: Below): Item[] {
  let left = [...items]
  const openings = items
    .filter((item) => item.tall && item.text in closing && item.role !== 'close')
    .toSorted((a, b) => b.left - a.left)
  for (const open of openings) {
    if (!left.includes(open)) continue
    const close = left
      .filter(
        (item) =>
          item !== open &&
          item.text === closing[open.text] &&
          item.left >= open.right - 0.5 &&
          item.tall &&
          aligned(open, item),
      )
      .toSorted((a, b) => a.left - b.left)[0]
    if (close === undefined && open.text !== '{') continue
    const content = left.filter((item) => {
      const middle = (item.left + item.right) / 2
      return (
        item !== open &&
        item !== close &&
        middle > open.right - 0.5 &&
        (close === undefined || middle < close.left + 0.5)
      )
    })
    const rows = rowsOf(content)
    if (rows.length < 2 || !around(open, rows)) continue
    const made = table(open, close, rows, below)
    if (made === undefined) continue
    left = [...left.filter((item) => item !== open && item !== close && !content.includes(item)), made]
  }
  return left
}

/** Rows stand over and under the middle of their bracket; an index under a bracket that is raised does not. */
function around(open: Item, rows: readonly Item[][]): boolean {
  const axis = (row: readonly Item[] | undefined): number => row?.[0]?.axis ?? open.axis
  const size = Math.max(...rows.flat().map((item) => (item.tall ? 0 : item.size)))
  return Math.abs((axis(rows[0]) + axis(rows.at(-1))) / 2 - open.axis) < 0.45 * size
}

/** Brackets of a pair have the same size and lie on one line. */
function aligned(open: Item, close: Item): boolean {
  return Math.abs(open.size - close.size) < 0.15 * open.size && Math.abs(open.axis - close.axis) < 0.4 * open.size
}

/** Pieces that stand on lines of their own, from top to bottom; small ones belong to the nearest. */
function rowsOf(content: readonly Item[]): Item[][] {
  const size = Math.max(0, ...content.filter((item) => !item.tall).map((item) => item.size))
  const full = content.filter((item) => item.size > 0.85 * size && !item.tall).toSorted((a, b) => a.axis - b.axis)
  const rows: { axis: number; items: Item[] }[] = []
  for (const item of full) {
    const row = rows.at(-1)
    if (row !== undefined && item.axis - row.axis < 0.55 * size) row.items.push(item)
    else rows.push({ axis: item.axis, items: [item] })
  }
  if (rows.length < 2) return []
  for (let at = 1; at < rows.length; at += 1)
    if ((rows[at]?.axis ?? 0) - (rows[at - 1]?.axis ?? 0) < 0.85 * size) return []
  for (const item of content) {
    if (full.includes(item)) continue
    const nearest = rows.toSorted((a, b) => Math.abs(a.axis - item.axis) - Math.abs(b.axis - item.axis))[0]
    nearest?.items.push(item)
  }
  return rows.map((row) => row.items)
}

/** Splits a row where nothing stands for most of a letter's height. */
function cells(row: readonly Item[], gap: number): Item[][] {
  const out: Item[][] = []
  let end = -Infinity
  for (const item of row.toSorted((a, b) => a.left - b.left)) {
    if (item.left - end > gap) out.push([])
    out.at(-1)?.push(item)
    end = Math.max(end, item.right)
  }
  return out
}

function table(open: Item, close: Item | undefined, rows: readonly Item[][], below: Below): Item | undefined {
  const all = rows.flat()
  const size = Math.max(...all.filter((item) => !item.tall).map((item) => item.size))
  let split = rows.map((row) => cells(row, 0.72 * size))
  const columns = split[0]?.length ?? 0
  if (close === undefined) split = split.map((row) => (row.length > 2 ? [row[0] ?? [], row.slice(1).flat()] : row))
  else if (columns < 1 || split.some((row) => row.length !== columns)) split = rows.map((row) => [row])
  const built = split.map((row) => row.map((cell) => below(cell)))
  const lines: string[] = []
  for (const row of built) {
    const parts: string[] = []
    for (const cell of row) {
      if (cell === undefined) return undefined
      parts.push(cell.latex)
    }
    lines.push(parts.join(' & '))
  }
  const name = close === undefined ? 'cases' : environments[open.text]
  const sizes = new Set(rows.length === 2 && columns === 1 ? [open.text] : [])
  const body = lines.join(' \\\\ ')
  const latex = sizes.has('(')
    ? `\\binom{${lines[0] ?? ''}}{${lines[1] ?? ''}}`
    : name === undefined
      ? `${open.latex}\\begin{matrix} ${body} \\end{matrix}${close?.latex ?? ''}`
      : `\\begin{${name}} ${body} \\end{${name}}`
  return node([open, ...all, ...(close === undefined ? [] : [close])], latex, { axis: open.axis, size })
}
