import { type CheerioAPI, load } from 'cheerio'
import type { AnyNode, Element } from 'domhandler'
import { PipelineError } from '../../../errors.ts'
import { around, hasText, isBlock, isElement, isFootnote, isShown, joined, visibleText } from './dom.ts'
import { readGrid } from './grid.ts'
import { readSheet, type Sheet } from './header.ts'
import { refuseDeepText, survey } from './survey.ts'
import { clean, quote } from './text.ts'

/** A run of text between two block boundaries, or a heading (then with its rank, 1 to 8). */
export interface Block {
  readonly text: string
  readonly rank?: number
}

/** A run of text that is put together when somebody asks: most of a page is menus. */
class Run implements Block {
  readonly #parts: readonly string[]
  #text: string | undefined

  constructor(parts: readonly string[]) {
    this.#parts = parts
  }

  get text(): string {
    this.#text ??= joined(this.#parts)
    return this.#text
  }
}

/** What a run of text names; a longer one names nothing. */
const nameIn = (block: Block | undefined) => (block !== undefined && block.text.length <= longestName ? block.text : '')

/** A table of the page, with what stands around it. */
export interface PageTable {
  /** What names it: caption, label, the text just before it, headings since the table before. */
  near: string[]
  /** The nearest heading, if an earlier table stands under it as well: it names this one if nothing of its own does. */
  inherited: string
  /** All headings above it, outermost first. */
  headings: string[]
  /** Its rows, told apart; read when first asked for. `headerRows` overrules what is found. */
  sheet(headerRows?: number): Sheet
  /** The text that follows it, where a note would stand; blank where a heading or another table follows. */
  after(): string
}

/** A link of the page, as it stands there. */
export interface PageLink {
  href: string
  text(): string
  /** The nearest heading above it. */
  heading: string
}

/** A page, read once from top to bottom. */
export interface Page {
  title: string
  /** What `<base>` says; blank without one. */
  base: string
  blocks: Block[]
  tables: PageTable[]
  links: PageLink[]
}

const mostTables = 2_000
const mostLinks = 20_000
/** A paragraph longer than this names no table. */
const longestName = 300

/**
 * Reads a page; with `within`, only the elements that this CSS selector finds. Throws SECTION_NOT_FOUND, PAGE_TOO_DEEP; a table's
 * `sheet` throws TABLE_TOO_LARGE.
 */
export function readPage(html: string, within?: string): Page {
  refuseDeepText(html)
  const $ = load(html)
  const { title, base, body } = survey($._root)
  const reader = new Reader()
  // what is asked for is read, also where a program unhides it in the browser
  for (const element of within === undefined ? body : sectionsOf($, within)) {
    reader.read(element.children)
    reader.pause()
  }
  return {
    title: title === undefined ? '' : visibleText(title.children),
    base: base?.attribs.href ?? '',
    ...reader.end(),
  }
}

/** The elements that a selector finds, without those inside another one of them. */
function sectionsOf($: CheerioAPI, selector: string): Element[] {
  const found = $(selector).toArray().filter(isElement)
  if (found.length === 0) {
    throw new PipelineError('SECTION_NOT_FOUND', `The page has no element ${quote(selector)}`, {
      details: { selector },
    })
  }
  const all = new Set<AnyNode>(found)
  return found.filter((element) => {
    for (let up = element.parent; up !== null; up = up.parent) if (all.has(up)) return false
    return true
  })
}

/** Walks the page in document order. */
class Reader {
  readonly #blocks: Block[] = []
  readonly #tables: PageTable[] = []
  readonly #links: PageLink[] = []
  #run: string[] = []
  /** The headings in force, outermost first, each with how many tables stood before it. */
  #headings: { rank: number; text: string; tables: number }[] = []
  #before: Block | undefined
  /** Set as soon as something follows the table that was just read. */
  #followed: ((by: Block) => void) | undefined
  /** Texts of tabs and buttons, by the id of what they open. */
  readonly #openers = new Map<string, string>()

  read(nodes: readonly AnyNode[]): void {
    for (const node of nodes) {
      if (node.type === 'text') this.#run.push(node.data)
      else if (isElement(node) && (isShown(node) || this.#isPanel(node))) this.#element(node)
    }
  }

  /** A hidden part that a tab or button of the page opens. */
  #isPanel({ attribs: { id } }: Element): boolean {
    return id !== undefined && this.#openers.has(id)
  }

  /** What follows does not go on with the text before it. */
  pause(): void {
    this.#flush()
    this.#before = undefined
  }

  end(): Pick<Page, 'blocks' | 'tables' | 'links'> {
    this.#flush()
    return { blocks: this.#blocks, tables: this.#tables, links: this.#links }
  }

  #element(element: Element): void {
    const { name, attribs } = element
    if (attribs.id !== undefined) {
      const opener = this.#openers.get(attribs.id)
      if (opener !== undefined) this.#heading(7, opener)
    }
    const opens = attribs['aria-controls'] ?? (/^#./.test(attribs.href ?? '') ? attribs.href?.slice(1) : undefined)
    if (opens !== undefined && this.#openers.size < 1_000) this.#openers.set(opens, visibleText(element.children))
    if (name === 'a' && attribs.href !== undefined) this.#link(element, attribs.href)
    const rank = rankOf(element)
    if (rank !== undefined) {
      this.#flush()
      // links and the like inside a heading
      this.#inside(element)
      this.#run = []
      this.#heading(rank, visibleText(element.children))
    } else if (name === 'table') this.#table(element)
    else if (isBlock(element)) {
      this.#flush()
      this.read(element.children)
      this.#flush()
    } else if (!isFootnote(element)) {
      this.#run.push(around(element))
      this.read(element.children)
      this.#run.push(around(element))
    }
  }

  #inside(element: Element): void {
    for (const child of element.children) {
      if (!isElement(child)) continue
      if (child.name === 'a' && child.attribs.href !== undefined) this.#link(child, child.attribs.href)
      this.#inside(child)
    }
  }

  #heading(rank: number, text: string): void {
    if (text === '') return
    this.#blocks.push({ text, rank })
    const tables = this.#tables.length
    this.#headings = [...this.#headings.filter((heading) => heading.rank < rank), { rank, text, tables }]
    this.#before = undefined
    this.#followed = undefined
  }

  #table(element: Element): void {
    this.#flush()
    if (holdsTable(element)) {
      // it is there for the layout
      this.read(element.children)
      this.#flush()
      return
    }
    const { table, followed } = this.#describe(element)
    if (this.#tables.length < mostTables) this.#tables.push(table)
    const headings = this.#headings
    this.#followed = undefined
    this.read(element.children)
    this.#flush()
    // what stood inside a cell names nothing outside
    this.#headings = headings
    this.#before = undefined
    this.#followed = followed
  }

  #describe(element: Element): { table: PageTable; followed(by: Block): void } {
    const caption = element.children.find((child) => isElement(child) && child.name === 'caption')
    const nearest = this.#headings.at(-1)
    // a heading of an earlier part that has no table of its own is not in force any more
    const fresh = this.#headings.filter(({ tables }) => tables === this.#tables.length)
    const own = [
      caption === undefined ? '' : visibleText([caption]),
      element.attribs['aria-label'] ?? '',
      element.attribs.summary ?? '',
    ]
    const near = [...own, nameIn(this.#before), ...fresh.toReversed().map(({ text }) => text)]
    const headings = this.#headings.map(({ text }) => text)
    let known: Sheet | undefined
    let follower: Block | undefined
    const followed = (by: Block) => {
      follower = by
    }
    const table: PageTable = {
      near: [...new Set(near.map(clean).filter((text) => text !== ''))],
      inherited: own.join('') === '' && nearest !== undefined && !fresh.includes(nearest) ? nearest.text : '',
      headings,
      after: () => nameIn(follower),
      sheet(headerRows) {
        if (headerRows !== undefined) return readSheet(readGrid(element), headerRows)
        known ??= readSheet(readGrid(element))
        return known
      },
    }
    return { table, followed }
  }

  #link(element: Element, href: string): void {
    if (this.#links.length >= mostLinks) return
    this.#links.push({
      href: href.trim(),
      // of hundreds of links in menus nobody asks
      text: () => visibleText(element.children) || clean(element.attribs.title ?? element.attribs['aria-label'] ?? ''),
      heading: this.#headings.at(-1)?.text ?? '',
    })
  }

  #flush(): void {
    if (this.#run.length === 0) return
    const parts = this.#run
    this.#run = []
    if (!parts.some(hasText)) return
    const block = new Run(parts)
    this.#blocks.push(block)
    this.#before = block
    this.#followed?.(block)
    this.#followed = undefined
  }
}

/** 1 to 6 for headings, 7 for what opens a part of the page, 8 for a short paragraph in bold; undefined for anything else. */
function rankOf({ name, attribs, children }: Element): number | undefined {
  const [, rank] = /^h([1-6])$/.exec(name) ?? []
  if (rank !== undefined) return Number(rank)
  if (attribs.role === 'heading') return Number(attribs['aria-level'] ?? 6) || 6
  if (name === 'summary' || name === 'legend' || (name === 'button' && attribs['aria-expanded'] !== undefined)) return 7
  if (name !== 'p' && name !== 'div') return undefined
  let only: Element | undefined
  for (const child of children) {
    if (child.type === 'comment' || (child.type === 'text' && /^\s*$/.test(child.data))) continue
    if (only !== undefined || !isElement(child) || !/^(strong|b)$/.test(child.name)) return undefined
    only = child
  }
  if (only === undefined) return undefined
  if (holdsTable(only)) return undefined
  return visibleText(only.children).length <= 150 ? 8 : undefined
}

/** A table around other tables is there for the layout. */
function holdsTable(element: Element): boolean {
  return element.children.some((child) => isElement(child) && (child.name === 'table' || holdsTable(child)))
}
