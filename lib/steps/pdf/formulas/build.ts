import type { Box, Rule } from '../read/model.ts'
import { placeAccents } from './accents.ts'
import { axisHeight, type Item } from './atoms.ts'
import { gapAcross, middle } from './geometry.ts'
import { placeLimits } from './limits.ts'
import { lineOf } from './line.ts'
import { node } from './node.ts'
import { foldRows } from './rows.ts'

/** Deeper than this nobody writes; a crafted page would. */
const deepest = 12

/**
 * Rebuilds a formula from its pieces and lines: first what lines hold together (fractions, roots, bars), widest first, then rows in
 * brackets, accents, limits, and at last the line with its sub- and superscripts. Each part is built in the same way. `start`: where the
 * line begins that the part stands on, when nothing is before it.
 */
export function build(items: readonly Item[], rules: readonly Rule[], depth = 0, start = Infinity): Item | undefined {
  if (items.length === 0 || depth > deepest) return undefined
  let left = items.map((item) => (item.role === 'root' ? underRule(item, items, rules) : item))
  const pending = rules.toSorted((a, b) => b.right - b.left - (a.right - a.left))
  while (pending.length > 0) {
    const rule = pending.shift()
    if (rule === undefined) break
    left = fold(left, rule, pending, depth, start)
  }
  const below = (part: readonly Item[]): Item | undefined => build(part, [], depth + 1)
  left = foldRows(left, below)
  left = placeAccents(left)
  left = placeLimits(left, below)
  return lineOf(left, below)
}

/** Replaces what a line holds together by one piece. Lines that lie inside are taken out of `pending`. */
function fold(items: Item[], rule: Rule, pending: Rule[], depth: number, start: number): Item[] {
  const y = (rule.top + rule.bottom) / 2
  const reach = 1.5
  const within = items.filter((item) => middle(item) > rule.left - reach && middle(item) < rule.right + reach)
  const root = items.find((item) => item.role === 'root' && touches(item, rule))
  const upper = root === undefined ? within.filter((item) => over(item, y)) : []
  const lower = within.filter((item) => item !== root && !over(item, y))
  const inner = takeRules(pending, rule)
  const innerAbove = inner.filter((one) => (one.top + one.bottom) / 2 < y)
  const innerBelow = inner.filter((one) => (one.top + one.bottom) / 2 >= y)
  const rest = (used: readonly Item[], made: Item): Item[] => [...items.filter((item) => !used.includes(item)), made]
  if (upper.length > 0 && lower.length > 0) {
    const top = build(upper, innerAbove, depth + 1, rule.left)
    const bottom = build(lower, innerBelow, depth + 1, rule.left)
    if (top === undefined || bottom === undefined) return items
    const parts = [top, bottom]
    const size = Math.max(top.size, bottom.size)
    const made = node(parts, `\\frac{${top.latex}}{${bottom.latex}}`, {
      left: Math.min(rule.left, top.left, bottom.left),
      right: Math.max(rule.right, top.right, bottom.right),
      axis: y,
      baseline: y + axisHeight * size,
    })
    return rest([...upper, ...lower], made)
  }
  if (lower.length === 0) {
    // a line under something: emphasis, or a border. It says nothing
    pending.push(...inner)
    return items
  }
  const content = build(lower, innerBelow, depth + 1, rule.left)
  if (content === undefined) return items
  pending.push(...innerAbove)
  const before = items.filter((item) => !lower.includes(item) && item !== root && middle(item) < rule.left)
  const strokes = root === undefined && hasHook(before, rule, content, start)
  if (root === undefined && !strokes) {
    const latex = lower.length === 1 ? `\\bar{${content.latex}}` : `\\overline{${content.latex}}`
    return rest(lower, { ...content, latex, role: 'node', top: rule.top })
  }
  const hook = root ?? { left: rule.left - 0.6 * content.size, right: rule.left, axis: content.axis }
  const index = before.filter((item) => isIndex(item, hook, rule, content))
  const degree = index.length === 0 ? undefined : build(index, [], depth + 1)
  const latex = degree === undefined ? `\\sqrt{${content.latex}}` : `\\sqrt[${degree.latex}]{${content.latex}}`
  const used = [...lower, ...index, ...(root === undefined ? [] : [root])]
  return rest(used, {
    ...content,
    role: 'node',
    latex,
    left: Math.min(hook.left, ...index.map((item) => item.left)),
    right: Math.max(rule.right, content.right),
    top: rule.top,
    tall: false,
    text: '',
  })
}

/** Whether a piece lies above a line. What hangs or stands on its baseline is judged by where a fraction's line would cross it. */
function over(item: Item, y: number): boolean {
  return (item.role === 'node' || (item.tall && item.role !== 'root') ? (item.top + item.bottom) / 2 : item.axis) < y
}

/** Lines within the width of another one belong to its parts. */
function takeRules(pending: Rule[], rule: Rule): Rule[] {
  const inner: Rule[] = []
  for (let at = pending.length - 1; at >= 0; at -= 1) {
    const one = pending[at]
    if (one === undefined || one.left < rule.left - 2 || one.right > rule.right + 2) continue
    inner.unshift(one)
    pending.splice(at, 1)
  }
  return inner
}

/** Whether a line is the one that a root was put under. */
const touches = (root: Item, rule: Rule): boolean =>
  Math.abs(root.right - rule.left) < 0.45 * (root.right - root.left) && Math.abs(root.top - rule.top) < 0.6

/**
 * A root stands under its line, whatever its glyph's own place says: fonts disagree where a root's origin is. Of the lines that begin where
 * it ends, its own has nothing right over it, which the line of a fraction under the root has.
 */
function underRule(root: Item, items: readonly Item[], rules: readonly Rule[]): Item {
  const { size } = root
  const from = Math.min(root.top, root.baseline)
  const distance = (one: Rule): number => Math.max(0, from - one.top, one.top - root.baseline)
  const [rule] = rules
    .filter(
      (one) =>
        Math.abs(root.right - one.left) < 0.45 * (root.right - root.left) &&
        one.top > root.top - 3 * size &&
        one.top < Math.max(root.baseline, root.top) + 0.3 * size &&
        !hasNumerator(one, items, rules),
    )
    .toSorted((a, b) => distance(a) - distance(b))
  if (rule === undefined) return root
  const bottom = Math.max(root.bottom, rule.top + 0.9 * size)
  return { ...root, top: rule.top, bottom, axis: rule.top + 0.45 * size }
}

/** Whether something stands right over a line, with no other line between. */
function hasNumerator(rule: Rule, items: readonly Item[], rules: readonly Rule[]): boolean {
  const over = (box: Box): boolean => middle(box) > rule.left - 1 && middle(box) < rule.right + 1
  const { top } = rule
  return items.some(
    (item) =>
      item.role !== 'root' &&
      over(item) &&
      item.baseline < top + 0.1 * item.size &&
      item.baseline > top - 0.7 * item.size &&
      !rules.some(
        (one) =>
          one !== rule && one.top < top && one.top > item.baseline - 0.1 * item.size && gapAcross(one, rule) === 0,
      ),
  )
}

/**
 * A root whose sign is drawn with strokes leaves a gap before its line, where the sign is; a bar over letters does not, and ends where
 * they end.
 */
function hasHook(before: readonly Item[], rule: Rule, content: Item, start: number): boolean {
  const neighbours = before.filter(
    (item) => item.bottom > rule.top && item.top < content.bottom && item.size > 0.8 * content.size,
  )
  const edge = neighbours.length > 0 ? Math.max(...neighbours.map((item) => item.right)) : start
  return rule.left - edge > 0.45 * content.size
}

function isIndex(item: Item, hook: Pick<Item, 'left' | 'right' | 'axis'>, rule: Rule, content: Item): boolean {
  return (
    item.size < 0.85 * content.size &&
    item.left > hook.left - 0.7 * content.size &&
    middle(item) < hook.right - 0.1 * content.size &&
    item.axis < content.axis &&
    item.bottom > rule.top - 0.5 * content.size
  )
}
