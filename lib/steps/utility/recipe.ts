import { PipelineError } from '../../errors.ts'
import { parser } from '../../schema.ts'
import { Pattern } from './read/text.ts'
import { quantityOf, type Unit } from './read/unit.ts'
import { type Recipe, RecipeSchema, type ValueMapEntry } from './recipe-schema.ts'

const recipes = parser(RecipeSchema, 'The recipe', 'RECIPE_INVALID')

/** Parses a recipe and checks what a schema cannot say. Throws RECIPE_INVALID, with every problem. */
export function parseRecipe(value: unknown): Recipe {
  const recipe = recipes.parse(value)
  const problems = [...patternProblems(recipe), ...otherProblems(recipe)]
  if (problems.length > 0) {
    throw new PipelineError('RECIPE_INVALID', `The recipe ${recipe.recipe} is not valid: ${problems.join('; ')}`, {
      details: { problems },
    })
  }
  return recipe
}

/** Every pattern of the recipe must be a regular expression. */
function patternProblems(recipe: Recipe): string[] {
  const problems: string[] = []
  for (const [where, source] of patternsOf(recipe)) {
    try {
      new Pattern(source)
    } catch (error) {
      problems.push(`${where} is no regular expression (${error instanceof Error ? error.message : String(error)})`)
    }
  }
  return problems
}

function* patternsOf({ fields, tables, prose, documents }: Recipe): Generator<[where: string, source: string]> {
  const mapped = function* (where: string, map: readonly ValueMapEntry[] | undefined): Generator<[string, string]> {
    for (const [at, { match }] of (map ?? []).entries()) yield [`${where}.map.${at}`, match]
  }
  for (const { column, pattern } of fields) yield [`fields ${column}`, pattern]
  for (const table of tables) {
    const at = `table ${table.name}`
    const { heading, under, header } = table.find
    for (const source of [heading, under, ...header]) if (source !== undefined) yield [`${at}: find`, source]
    if (table.refuse !== undefined) yield [`${at}: refuse`, table.refuse]
    if (table.sections !== undefined) yield [`${at}: sections`, table.sections]
    for (const label of table.labels) {
      const name = `${at}: label ${label.column ?? ''}`
      if (label.header !== undefined) yield [name, label.header]
      yield* mapped(name, label.map)
    }
    for (const value of table.values) yield [`${at}: value`, value.header]
    for (const rule of table.rows) yield [`${at}: row`, rule.match]
    for (const { column, pattern } of table.fields) yield [`${at}: field ${column}`, pattern]
  }
  for (const { name, after, pattern, nothingElse, columns } of prose) {
    yield [`prose ${name}: after`, after]
    yield [`prose ${name}: pattern`, pattern]
    if (nothingElse !== undefined) yield [`prose ${name}: nothingElse`, nothingElse]
    for (const { column, map } of columns) yield* mapped(`prose ${name}: ${column}`, map)
  }
  if (documents !== undefined) {
    yield ['documents: href', documents.href]
    if (documents.text !== undefined) yield ['documents: text', documents.text]
  }
}

/** A range must be able to tell a price in another scale: R$/kWh and R$/MWh are a thousand apart. */
function rangeProblems(where: string, unit: Unit | undefined, [low, high]: readonly [number, number]): string[] {
  if (low > high) return [`${where}: a range of ${low} to ${high}`]
  if (unit === undefined || quantityOf(unit) !== 'energy' || (low > 0 && high < low * 1_000)) return []
  return [
    `${where}: the range ${low} to ${high} ${unit} would also take a value that is a thousand times too large or small`,
  ]
}

function otherProblems({ pages, tables, prose, fields, documents }: Recipe): string[] {
  const problems: string[] = []
  if (tables.length + prose.length === 0 && documents === undefined)
    problems.push('it reads nothing: no tables, prose or documents')
  const twice = (names: string[], what: string) => {
    for (const name of new Set(names.filter((each, at) => names.indexOf(each) !== at)))
      problems.push(`${what} ${name} stands twice`)
  }
  twice(
    pages.map(({ page }) => page),
    'page',
  )
  twice(
    [...tables, ...prose].map(({ name }) => name),
    'table',
  )
  for (const { column, pattern } of [...fields, ...tables.flatMap((table) => table.fields)]) {
    if (!pattern.includes('(?<value>')) problems.push(`the pattern of field ${column} has no group (?<value>…)`)
  }
  for (const { name, columns, pattern } of prose) {
    for (const { group, kind, range, unit } of columns) {
      if (range !== undefined) problems.push(...rangeProblems(`prose ${name}, ${group}`, unit, range))
      if (!pattern.includes(`(?<${group}>`)) problems.push(`prose ${name}: the pattern has no group (?<${group}>…)`)
      if (kind === 'decimal' && range === undefined)
        problems.push(`prose ${name}: ${group} is a decimal without a range`)
    }
  }
  for (const { name, find, values, oneRow, count, rows } of tables) {
    if (find.heading === undefined && find.under === undefined && find.header.length === 0) {
      problems.push(`table ${name}: "find" says nothing, any table would do`)
    }
    for (const [least, most] of [count, ...rows.map((rule) => rule.count)]) {
      if (least > most) problems.push(`table ${name}: a count of ${least} to ${most}`)
    }
    for (const { stated, pageUnit, header, unit, range } of values) {
      problems.push(...rangeProblems(`table ${name}, value ${header}`, unit, range))
      if ((stated === 'recipe') !== (pageUnit !== undefined)) {
        problems.push(`table ${name}, value ${header}: "pageUnit" belongs to "stated": "recipe"`)
      }
    }
    if (oneRow)
      twice(
        values.map(({ column }) => column),
        `table ${name}: column`,
      )
  }
  return problems
}
