import { type Cheerio, type CheerioAPI, load } from 'cheerio'
import type { Element } from 'domhandler'

/** A cell; one that spans several places is the same object in all of them. */
export interface Cell {
  html: string
  tag: 'td' | 'th'
  attributes: string
}

/** A table that can be changed and written again: its own small reader, which knows nothing of the one under test. */
export interface Model {
  header: Cell[][]
  body: Cell[][]
  /** Whether the header stands in `thead`. */
  thead: boolean
  caption: string
}

/** A cell. */
export const cell = (html: string, tag: 'td' | 'th' = 'td', attributes = ''): Cell => ({ html, tag, attributes })

/** A page whose n-th table is changed by a function. */
export class ChangedPage {
  readonly $: CheerioAPI
  readonly table: Cheerio<Element>

  constructor(html: string, table: number) {
    this.$ = load(html)
    this.table = this.$('table').eq(table)
  }

  /** The heading that names the table: the nearest one before it, or before what it is wrapped in. */
  heading(): Cheerio<Element> | undefined {
    for (let at = this.table; at.length > 0 && !at.is('body'); at = at.parent()) {
      const before = at.prevAll('h2,h3,h4,p:has(> strong:only-child)').first()
      if (before.length > 0) return before
    }
    return undefined
  }

  read(headerRows: number): Model {
    const rows = this.table.find('tr').toArray()
    const grid: Cell[][] = rows.map(() => [])
    rows.forEach((row, r) => {
      let c = 0
      for (const child of this.$(row).children('td,th').toArray()) {
        while (grid[r]?.[c] !== undefined) c += 1
        const element = this.$(child)
        const one = cell(element.html() ?? '', child.name === 'th' ? 'th' : 'td', '')
        const down = Number(element.attr('rowspan') ?? 1)
        const across = Number(element.attr('colspan') ?? 1)
        for (let y = r; y < Math.min(r + down, rows.length); y++) {
          const line = grid[y]
          if (line !== undefined) for (let x = c; x < c + across; x++) line[x] = one
        }
        c += across
      }
    })
    return {
      header: grid.slice(0, headerRows),
      body: grid.slice(headerRows),
      thead: this.table.children('thead').length > 0,
      caption: '',
    }
  }

  write(model: Model): string {
    this.table.html(render(model))
    return this.$.html()
  }
}

/** The inside of a table, equal neighbours as one spanning cell. */
export function render({ header, body, thead, caption }: Model): string {
  const head = rows(header)
  return (
    (caption === '' ? '' : `<caption>${caption}</caption>`) +
    (thead ? `<thead>${head}</thead><tbody>${rows(body)}</tbody>` : `<tbody>${head}${rows(body)}</tbody>`)
  )
}

function rows(grid: readonly (readonly Cell[])[]): string {
  const done = grid.map((row) => row.map(() => false))
  const same = (one: Cell | undefined, y: number, x: number) => grid[y]?.[x] === one && done[y]?.[x] === false
  return grid
    .map((row, y) => {
      const cells = row.map((one, x) => {
        if (done[y]?.[x] === true) return ''
        let across = 1
        while (same(one, y, x + across)) across += 1
        let down = 1
        const whole = (line: number) => Array.from({ length: across }, (_, n) => same(one, line, x + n)).every(Boolean)
        while (whole(y + down)) down += 1
        for (let j = y; j < y + down; j++) done[j]?.fill(true, x, x + across)
        const spans = (across > 1 ? ` colspan="${across}"` : '') + (down > 1 ? ` rowspan="${down}"` : '')
        return `<${one.tag}${spans}${one.attributes}>${one.html}</${one.tag}>`
      })
      return `<tr>${cells.join('')}</tr>`
    })
    .join('\n')
}

/** Whether a cell holds a decimal number and nothing else worth mentioning. */
export const isValue = ({ html }: Cell): boolean => /^[\d.]+(?:,\d+)?\s?%$|^[\d.]+,\d+$/.test(text(html))

/** The text of a piece of HTML, roughly. */
export const text = (html: string): string => load(html, null, false).root().text().replace(/\s+/g, ' ').trim()

/** Columns that hold values. */
export const valueColumns = ({ body }: Model): number[] =>
  (body[0] ?? []).flatMap((_, x) => (body.some((row) => row[x] !== undefined && isValue(row[x])) ? [x] : []))

/** Columns that hold no values. */
export const labelColumns = (model: Model): number[] => {
  const values = valueColumns(model)
  return (model.body[0] ?? []).flatMap((_, x) => (values.includes(x) ? [] : [x]))
}

/** The model with each cell of the body made anew by a function; spanning cells stay one. */
export function mapBody(model: Model, change: (one: Cell, column: number, row: number) => Cell): Model {
  const known = new Map<Cell, Cell>()
  const body = model.body.map((row, y) =>
    row.map((one, x) => {
      const next = known.get(one) ?? change(one, x, y)
      known.set(one, next)
      return next
    }),
  )
  return { ...model, body }
}

/** The model with its header's cells made anew. */
export function mapHeader(model: Model, change: (one: Cell) => Cell): Model {
  const known = new Map<Cell, Cell>()
  const header = model.header.map((row) =>
    row.map((one) => {
      const next = known.get(one) ?? change(one)
      known.set(one, next)
      return next
    }),
  )
  return { ...model, header }
}

/** A new column at a place: its header, and a cell for each row. */
export function insertColumn(model: Model, at: number, head: Cell, make: (row: number) => Cell): Model {
  return {
    ...model,
    header: model.header.map((row) => row.toSpliced(at, 0, head)),
    body: model.body.map((row, y) => row.toSpliced(at, 0, make(y))),
  }
}

/** The model without a column. */
export const removeColumn = (model: Model, at: number): Model => ({
  ...model,
  header: model.header.map((row) => row.toSpliced(at, 1)),
  body: model.body.map((row) => row.toSpliced(at, 1)),
})

/** A decimal of a page times a power of ten, in the page's spelling. */
export function times(value: string, power: number, thousands = false): string {
  const [whole = '', fraction = ''] = value.split(',')
  const digits = fraction.padEnd(power, '0')
  const left = (whole + digits.slice(0, power)).replace(/^0+(?=\d)/, '')
  const right = digits.slice(power)
  return `${thousands ? left.replace(/\B(?=(\d{3})+$)/g, '.') : left},${right === '' ? '00' : right}`
}

/** The same number with its cell's own decoration gone, changed by a function. */
export const mapValue = (one: Cell, change: (value: string) => string): Cell =>
  isValue(one) ? { ...one, html: one.html.replace(/\d[\d.]*(?:,\d+)?/, change) } : one

/** A generator of numbers that gives the same ones for the same seed (mulberry32). */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)]
  }

  /** Another order of the list, never the same one if there is another. */
  shuffle<T>(list: readonly T[]): T[] {
    const next = [...list]
    for (let at = next.length - 1; at > 0; at--) {
      const other = this.below(at + 1)
      const [a, b] = [next[at], next[other]]
      if (a !== undefined && b !== undefined) [next[at], next[other]] = [b, a]
    }
    return next.every((each, at) => each === list[at]) ? next.reverse() : next
  }
}
