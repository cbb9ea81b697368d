import { type Matrix, transformBox } from './matrix.ts'
import type { StructureNode } from './model.ts'

const record = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const count = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value > 1 && value < 1_000 ? value : undefined

/** Nodes of one page; what is beyond is left out. */
const mostNodes = 50_000
const deepest = 60

/** The structure of a page out of what pdf.js hands on. Branches without content of this page are left out. */
export function readStructure(root: unknown, matrix: Matrix): StructureNode | undefined {
  let left = mostNodes
  const read = (value: unknown, depth: number): StructureNode | undefined => {
    if (!record(value) || left <= 0 || depth > deepest) return undefined
    left -= 1
    const children: StructureNode[] = []
    const marks: string[] = []
    const kids: unknown[] = Array.isArray(value.children) ? value.children : []
    for (const kid of kids) {
      if (!record(kid)) continue
      if (kid.type === 'content') {
        const mark = typeof kid.id === 'string' ? /_(mc\d+)$/.exec(kid.id)?.[1] : undefined
        if (mark !== undefined) marks.push(mark)
        continue
      }
      const child = read(kid, depth + 1)
      if (child !== undefined) children.push(child)
    }
    const role = typeof value.role === 'string' ? value.role : ''
    const alt = typeof value.alt === 'string' && value.alt !== '' ? value.alt.slice(0, 2_000) : undefined
    // pdf.js repeats the rows of other pages, empty; an empty cell beside full ones is one
    const cell = role === 'TD' || role === 'TH'
    if (!cell && marks.length === 0 && alt === undefined && !children.some(holdsContent)) return undefined
    const colSpan = count(value.colSpan)
    const rowSpan = count(value.rowSpan)
    const corners: unknown[] = Array.isArray(value.bbox) ? value.bbox : []
    const [x0, y0, x1, y1] = corners
    return {
      role,
      children,
      marks,
      ...(alt === undefined ? {} : { alt }),
      ...(typeof x0 === 'number' && typeof y0 === 'number' && typeof x1 === 'number' && typeof y1 === 'number'
        ? { bbox: transformBox(matrix, x0, y0, x1, y1) }
        : {}),
      ...(colSpan === undefined ? {} : { colSpan }),
      ...(rowSpan === undefined ? {} : { rowSpan }),
    }
  }
  const tree = read(root, 0)
  return tree === undefined || !holdsContent(tree) ? undefined : tree
}

function holdsContent(node: StructureNode): boolean {
  return node.marks.length > 0 || node.alt !== undefined || node.children.some(holdsContent)
}
