import type { Box, PdfPage } from '../read/model.ts'
import type { Item } from './atoms.ts'
import { build } from './build.ts'
import { gapAcross, middle } from './geometry.ts'
import { equationNumber } from './number.ts'
import { functions } from './symbols.ts'
import type { Ground, Zone } from './zones.ts'
import { boxOf, relationsOf } from './zones.ts'

/** A zone that is a formula of its own line, with the number that stands beside it. */
export interface Display {
  zone: Zone
  box: Box
  number: string | undefined
}

/** Keeps the zones that are formulas on their own: not those in a line of text, in tables, or without anything that relates. */
export function displaysOf(ground: Ground, zones: readonly Zone[]): Display[] {
  const displays: Display[] = []
  for (const whole of zones) {
    const { zone, number } = splitNumber(whole)
    if (zone.items.length < 3) continue
    const box = boxOf(zone)
    if (!balanced(zone)) continue
    if (inText(ground, zone, box)) continue
    if (!zone.structured && (inCell(ground.page, box) || !plainFormula(ground, zone, box))) continue
    displays.push({ zone, box, number: number ?? numberBeside(ground, box) })
  }
  return displays.toSorted((a, b) => a.box.top - b.box.top || a.box.left - b.box.left)
}

/** Something stands left and right of a relation that is in no fraction. */
function balanced({ items, bars }: Zone): boolean {
  const outside = items.filter(
    (item) => !bars.some((bar) => bar.kind === 'fraction' && middle(item) > bar.left && middle(item) < bar.right),
  )
  const [relation] = relationsOf(outside)
  if (relation === undefined) return false
  return items.some((item) => middle(item) < relation.left) && items.some((item) => middle(item) > relation.right)
}

/** An equation's number that stands so near that it fell into the zone. */
function splitNumber(zone: Zone): { zone: Zone; number: string | undefined } {
  const sorted = zone.items.toSorted((a, b) => a.left - b.left)
  const open = sorted.findLastIndex((item) => item.text === '(')
  const last = sorted.slice(open)
  const before = sorted[open - 1]
  const number = open > 0 ? equationNumber(last.map((item) => item.text).join('')) : undefined
  const first = last[0]
  if (number === undefined || before === undefined || first === undefined) return { zone, number: undefined }
  const edge = Math.max(...sorted.slice(0, open).map((item) => item.right))
  if (first.left - edge < 1.2 * first.size) return { zone, number: undefined }
  return { zone: { ...zone, items: sorted.slice(0, open) }, number }
}

function numberBeside({ segments }: Ground, box: Box): string | undefined {
  for (const one of segments) {
    if (one.left < box.right || one.baseline < box.top || one.baseline - 0.7 * one.size > box.bottom) continue
    const number = equationNumber(one.text)
    if (number !== undefined) return number
  }
  return undefined
}

/** Text on the same line, near: the formula is a part of a sentence. */
function inText({ prose }: Ground, zone: Zone, box: Box): boolean {
  const level = levelOf(zone)
  return prose.some(
    (one) =>
      Math.abs(one.baseline - level) < 0.35 * one.size &&
      gapAcross(one, box) < 2.5 * one.size &&
      (one.words >= 2 || one.right <= box.left),
  )
}

/** The baseline of the relation that comes first. */
function levelOf({ items }: Zone): number {
  return relationsOf(items)[0]?.baseline ?? 0
}

/** Between the upright lines of a table. */
function inCell({ rules, height }: PdfPage, box: Box): boolean {
  const y = (box.top + box.bottom) / 2
  const uprights = rules.filter(
    (one) => one.direction === 'vertical' && one.top <= y && one.bottom >= y && one.bottom - one.top < 0.8 * height,
  )
  return uprights.some((one) => one.right <= box.left + 2) && uprights.some((one) => one.left >= box.right - 2)
}

const intro = /^(?:onde|sendo|em que|no qual|na qual|nos quais|nas quais|com|where|in which|with|being)\b.{0,12}$/i
const numberedLine = /^(?:\d+(?:\.\d+)+|[a-z]\)|[IVX]+\s?[-–])\s?/

/**
 * A formula on one line, without a fraction or sign that would prove it. It has letters on both sides or an operation, few words, and is
 * no value ("Voc = 49,5 V") and no entry of the list that explains a formula.
 */
function plainFormula(ground: Ground, zone: Zone, box: Box): boolean {
  const sorted = zone.items.toSorted((a, b) => a.left - b.left)
  const size = Math.max(...sorted.map((item) => item.size))
  const [first] = relationsOf(sorted)
  if (first === undefined) return false
  const right = sorted.filter((item) => middle(item) > first.right)
  const left = sorted.filter((item) => middle(item) < first.left)
  if (left[0]?.role === 'relation' || /arrow/.test(first.latex)) return false
  // matrices and cases prove themselves
  if (/\\(begin|binom)\b/.test(build(zone.items, zone.bars)?.latex ?? '')) return true
  const operations = sorted.filter(
    (item) => item.role === 'binary' && item.size > 0.85 * size && item !== sorted[0],
  ).length
  const words = lineWords(right)
  const maths = mostlyItalic(sorted) || mostlyItalic(right)
  if (words.some((one) => one.length >= 4) || (!maths && words.length > 1)) return false
  const end = sorted.at(-1)?.text
  if (!maths && (end === ';' || end === ':')) return false
  if (listed(ground, box)) return false
  const named = left.some((item) => item.role === 'letter')
  if (operations > 0 && (maths || right.some((item) => item.role === 'letter'))) return true
  if (!maths || !sorted.some((item) => item.role === 'letter' && !item.upright)) return false
  if (right.length === 1 && right[0]?.text === '0') return true
  // a value is no formula: V = 5 kV
  return named
    ? right.some((item) => item.role === 'letter' && !item.upright)
    : right.some((item) => item.role === 'letter')
}

/** Letters of formulas are italic; names of functions are not counted. */
function mostlyItalic(items: readonly Item[]): boolean {
  const letters = items.filter((item) => item.role === 'letter')
  const italic = letters.filter((item) => !item.upright).length
  const names = lineWords(items.filter((item) => item.upright)).filter((one) => functions.has(one))
  return italic > 0.5 * (letters.length - names.join('').length) && italic > 0
}

/** Words of small letters in a part of a line. */
function lineWords(items: readonly Item[]): string[] {
  let text = ''
  let end = Infinity
  const size = Math.max(0, ...items.map((item) => item.size))
  for (const item of items) {
    if (item.size < 0.85 * size) continue
    text += (item.left - end > 0.16 * item.size ? ' ' : '') + (item.text === '' ? ' ' : item.text)
    end = item.right
  }
  return text.split(/[^\p{Script=Latin}]+/u).filter((one) => /^\p{Ll}{2,}$/u.test(one))
}

/** In the list after "onde:", which goes on until a numbered line. */
function listed({ segments }: Ground, box: Box): boolean {
  const above = segments
    .filter((one) => one.baseline < box.bottom && one.top < box.top)
    .toSorted((a, b) => b.baseline - a.baseline)
  for (const one of above) {
    if (box.top - one.bottom > 260) return false
    if (intro.test(one.text)) return Math.abs(one.left - box.left) < 60
    if (numberedLine.test(one.text) || (/:$/.test(one.text) && one.words >= 2)) return false
  }
  return false
}
