import { PipelineError } from '../../../errors.ts'
import type { RecipeField, RecipeProse } from '../recipe-schema.ts'
import { lasting } from './layout.ts'
import type { Block, Page } from './page.ts'
import type { DataRow } from './table.ts'
import { type Found, quote } from './text.ts'
import { type Patterns, readLabel, readValue } from './value.ts'

/** The text of blocks, one after the other. */
export function textOf(blocks: readonly Block[]): string {
  return blocks.map(({ text }) => text).join(' \n ')
}

/** The blocks under a heading, up to the next one of its rank or above. Throws SECTION_NOT_FOUND, SECTION_AMBIGUOUS. */
function sectionAfter(page: Page, recipe: RecipeProse, patterns: Patterns): { heading: string; text: string } {
  const pattern = patterns.of(recipe.after)
  const places = page.blocks.flatMap((block, at) => (block.rank !== undefined && pattern.test(block.text) ? [at] : []))
  const [start] = places
  const headings = page.blocks.filter(({ rank }) => rank !== undefined).map(({ text }) => text.slice(0, 120))
  if (start === undefined) {
    throw new PipelineError(
      'SECTION_NOT_FOUND',
      `prose ${recipe.name}: no heading ${quote(recipe.after)}; the page has ${
        headings
          .slice(0, 10)
          .map((text) => quote(text, 60))
          .join(', ') || 'no headings'
      }`,
      { details: { wanted: recipe.after, headings: headings.slice(0, 50) } },
    )
  }
  if (places.length > 1) {
    throw new PipelineError(
      'SECTION_AMBIGUOUS',
      `prose ${recipe.name}: ${places.length} headings fit ${quote(recipe.after)}`,
      {
        details: { found: places.map((at) => page.blocks[at]?.text ?? '') },
      },
    )
  }
  const head = page.blocks[start]
  const rest = page.blocks.slice(start + 1)
  const end = rest.findIndex(({ rank }) => rank !== undefined && rank <= (head?.rank ?? 0))
  return { heading: head?.text ?? '', text: textOf(end < 0 ? rest : rest.slice(0, end)) }
}

/** What sentences gave. */
export interface ProseReading {
  rows: DataRow[]
  counted: number
  layout: { heading: string; statements: number }
}

/** What looks like a statement and was not read as one would be lost without a word. */
function refuseUnread(text: string, found: readonly Found[], recipe: RecipeProse, patterns: Patterns): void {
  if (recipe.nothingElse === undefined) return
  const inside = (at: number) => found.some(({ index, text: { length } }) => at >= index && at < index + length)
  const lost = patterns
    .of(recipe.nothingElse)
    .all(text, 1_000)
    .find(({ index }) => !inside(index))
  if (lost === undefined) return
  const around = text.slice(Math.max(0, lost.index - 60), lost.index + lost.text.length + 20).trim()
  throw new PipelineError('PROSE_UNREAD', `prose ${recipe.name}: ${quote(around, 120)} is in none of its statements`, {
    details: { found: around, wanted: recipe.pattern },
  })
}

/** Reads statements out of the text under a heading. Throws SECTION_NOT_FOUND, PROSE_COUNT, PROSE_UNREAD, and what values throw. */
export function readProse(page: Page, recipe: RecipeProse, patterns: Patterns): ProseReading {
  const { heading, text } = sectionAfter(page, recipe, patterns)
  const found = patterns.of(recipe.pattern).all(text, 1_000)
  const [least, most] = recipe.count
  if (found.length < least || found.length > most) {
    throw new PipelineError(
      'PROSE_COUNT',
      `prose ${recipe.name}: ${found.length} statements fit ${quote(recipe.pattern)} under ${quote(heading)}, ${least} to ${most} were expected. The text begins ${quote(text, 200)}`,
      { details: { found: found.map((each) => each.text), text: text.slice(0, 1_000) } },
    )
  }
  refuseUnread(text, found, recipe, patterns)
  const rows = found.map((statement): DataRow => {
    const row: DataRow = { ...recipe.set }
    const where = `prose ${recipe.name}, ${quote(statement.text)}`
    for (const { column, group, kind, map, unit, range, optional } of recipe.columns) {
      const said = statement.groups[group]?.trim() ?? ''
      if (said === '') {
        if (optional) continue
        throw new PipelineError('VALUE_MISSING', `${where}: nothing is said of ${column}`, {
          details: { found: statement.text },
        })
      }
      if (kind === 'decimal' && range !== undefined) {
        const place = { where: `${where}, ${column}`, header: '', row: '', labels: '', near: [], names: [] }
        row[column] = readValue(said, { unit, range, decimal: recipe.decimal }, place)
        if (unit !== undefined) row.unidade = unit
      } else if (kind !== 'decimal') row[column] = readLabel(said, kind, map, patterns, `${where}, ${column}`)
    }
    return row
  })
  return { rows, counted: rows.length, layout: { heading: lasting(heading), statements: rows.length } }
}

/** Values that stand once in a text. Throws FIELD_MISSING, FIELD_AMBIGUOUS (said twice, differently), VALUE_FORMAT. */
export function readFields(text: string, fields: readonly RecipeField[], patterns: Patterns, where: string): DataRow {
  const row: DataRow = {}
  for (const { column, pattern, kind, required } of fields) {
    const at = `${where}, field ${column}`
    const said = patterns
      .of(pattern)
      .all(text, 1_000)
      .map(({ groups }) => groups.value?.trim() ?? '')
    const values = [
      ...new Set(said.filter((each) => each !== '').map((each) => readLabel(each, kind, undefined, patterns, at))),
    ]
    const [value] = values
    if (value === undefined) {
      if (!required) continue
      throw new PipelineError('FIELD_MISSING', `${at}: nothing in the text fits ${quote(pattern)}`, {
        details: { wanted: pattern, text: text.slice(0, 1_000) },
      })
    }
    if (values.length > 1) {
      throw new PipelineError(
        'FIELD_AMBIGUOUS',
        `${at}: the text says ${values.map((each) => quote(each)).join(' and ')}`,
        {
          details: { found: values },
        },
      )
    }
    row[column] = value
  }
  return row
}
