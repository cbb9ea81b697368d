import type { Rule } from './model.ts'

/** How far apart two lines may lie to be the same one, and how far their pieces. */
const beside = 0.8
const gap = 1.2
/** A dot where borders meet belongs to both. */
const dot = 1.7

/**
 * Joins pieces of lines: borders are drawn cell by cell, and Word puts a little square at every corner. The pieces of a line are put in
 * order once, so that the work grows as n log n.
 */
export function joinRules(rules: readonly Rule[]): Rule[] {
  const dots = rules.filter((rule) => rule.right - rule.left <= dot && rule.bottom - rule.top <= dot)
  const lines = rules.filter((rule) => rule.right - rule.left > dot || rule.bottom - rule.top > dot)
  return [...joinOne([...lines, ...dots], 'horizontal'), ...joinOne([...lines, ...dots], 'vertical')]
}

function joinOne(rules: readonly Rule[], direction: Rule['direction']): Rule[] {
  const horizontal = direction === 'horizontal'
  const along = (rule: Rule): [number, number] => (horizontal ? [rule.left, rule.right] : [rule.top, rule.bottom])
  const across = (rule: Rule): number => (horizontal ? rule.top + rule.bottom : rule.left + rule.right) / 2
  const isDot = (rule: Rule) => rule.right - rule.left <= dot && rule.bottom - rule.top <= dot
  const sorted = rules
    .filter((rule) => rule.direction === direction || isDot(rule))
    .toSorted((a, b) => across(a) - across(b) || along(a)[0] - along(b)[0])
  const joined: Rule[] = []
  let at = 0
  while (at < sorted.length) {
    const from = at
    while (at < sorted.length && nextTo(sorted, at, from, across)) at += 1
    const level = sorted.slice(from, at).toSorted((a, b) => along(a)[0] - along(b)[0])
    let open: Rule | undefined
    for (const rule of level) {
      if (open !== undefined && along(rule)[0] <= along(open)[1] + gap) {
        open.left = Math.min(open.left, rule.left)
        open.top = Math.min(open.top, rule.top)
        open.right = Math.max(open.right, rule.right)
        open.bottom = Math.max(open.bottom, rule.bottom)
      } else {
        if (open !== undefined) joined.push(open)
        open = { left: rule.left, top: rule.top, right: rule.right, bottom: rule.bottom, direction }
      }
    }
    if (open !== undefined) joined.push(open)
  }
  return joined.filter((rule) => !isDot(rule))
}

/** Whether the next one still lies on the line that began at `from`. */
function nextTo(sorted: readonly Rule[], at: number, from: number, across: (rule: Rule) => number): boolean {
  if (at === from) return true
  const rule = sorted[at]
  const first = sorted[from]
  return rule !== undefined && first !== undefined && across(rule) - across(first) <= beside
}
