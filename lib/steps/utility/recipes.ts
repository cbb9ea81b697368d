import { readdirSync, readFileSync } from 'node:fs'
import { PipelineError } from '../../errors.ts'
import { type Contract, checkContract, parseContract } from '../dataset/contract.ts'
import { parseRecipe } from './recipe.ts'
import type { Recipe, RecipePage } from './recipe-schema.ts'

/** Reads all JSON files of a folder beside this file, in order of their names. */
function filesOf(folder: string): unknown[] {
  const url = new URL(`./${folder}/`, import.meta.url)
  return readdirSync(url)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name): unknown => JSON.parse(readFileSync(new URL(name, url), 'utf8')))
}

let contracts: Map<string, Contract> | undefined
let recipes: Map<string, Recipe> | undefined

/** The contracts of what distributors' pages hold, by dataset. Adding one is adding a file to `datasets/`. */
export function utilityContracts(): ReadonlyMap<string, Contract> {
  contracts ??= new Map(
    filesOf('datasets')
      .map(parseContract)
      .map((contract) => [contract.dataset, contract]),
  )
  return contracts
}

/** The recipes that ship with the package, by name. Adding one is adding a file to `recipes/`. */
export function shippedRecipes(): ReadonlyMap<string, Recipe> {
  recipes ??= new Map(
    filesOf('recipes')
      .map(parseRecipe)
      .map((recipe) => [recipe.recipe, recipe]),
  )
  return recipes
}

/** A recipe that can be carried out: every dataset it fills has a contract with the columns it gives. */
export interface Prepared {
  recipe: Recipe
  contracts: ReadonlyMap<string, Contract>
}

/** Brings a recipe and its contracts together. Throws RECIPE_INVALID, CONTRACT_INVALID. */
export function prepareRecipe(recipe: Recipe): Prepared {
  const known = utilityContracts()
  const own = recipe.contracts.map((contract) => checkContract(contract))
  const problems: string[] = []
  for (const { dataset } of own) {
    if (known.has(dataset)) problems.push(`${dataset} is a dataset of the package; its contract cannot be replaced`)
    if (/^(pipeline|public|pg_\w*|information_schema|aneel)\./.test(dataset)) {
      problems.push(`${dataset}: this schema is not for pages; choose another, such as utility`)
    }
  }
  const all = new Map([...known, ...own.map((contract) => [contract.dataset, contract] as const)])
  const usual = [...recipe.fields.map(({ column }) => column), ...recipe.pages.flatMap(({ set }) => Object.keys(set))]
  const need = (dataset: string, where: string, columns: readonly string[], exact: readonly string[]) => {
    const contract = all.get(dataset)
    if (contract === undefined) {
      problems.push(`${where} fills ${dataset}, which has no contract (there are ${[...all.keys()].join(', ')})`)
      return
    }
    const has = new Set(contract.columns.map(({ name }) => name))
    for (const column of new Set(columns)) {
      if (!has.has(column)) problems.push(`${where}: ${dataset} has no column ${column}`)
    }
    const given = new Set([...columns, ...exact])
    for (const { name, notNull } of contract.columns) {
      if (notNull && !given.has(name)) problems.push(`${where}: ${dataset} needs ${name}, and nothing gives it`)
    }
  }
  const datasets = new Set<string>()
  for (const table of recipe.tables) {
    datasets.add(table.dataset)
    need(
      table.dataset,
      `table ${table.name}`,
      [
        ...Object.keys(table.set),
        ...table.fields.map(({ column }) => column),
        ...table.labels.flatMap(({ column }) => column ?? []),
        ...table.values.flatMap((value) => [value.column, ...Object.keys(value.set)]),
        ...table.rows.flatMap((rule) => Object.keys(rule.set)),
      ],
      [...usual, ...(table.values.some(({ unit }) => unit !== undefined) ? ['unidade'] : [])],
    )
  }
  for (const prose of recipe.prose) {
    datasets.add(prose.dataset)
    const unit = prose.columns.some((column) => column.unit !== undefined) ? ['unidade'] : []
    need(
      prose.dataset,
      `prose ${prose.name}`,
      [...Object.keys(prose.set), ...prose.columns.map(({ column }) => column)],
      [...usual, ...unit],
    )
  }
  for (const { column, dataset } of recipe.fields) {
    if (dataset !== undefined && !datasets.has(dataset)) problems.push(`field ${column}: nothing fills ${dataset}`)
  }
  // What belongs to all rows need not fit every dataset, but one.
  const columns = new Set([...datasets].flatMap((name) => all.get(name)?.columns.map((column) => column.name) ?? []))
  for (const column of datasets.size === 0 ? [] : new Set(usual)) {
    if (!columns.has(column)) problems.push(`no dataset of the recipe has the column ${column}`)
  }
  if (problems.length > 0) {
    throw new PipelineError('RECIPE_INVALID', `The recipe ${recipe.recipe} is not valid: ${problems.join('; ')}`, {
      details: { problems },
    })
  }
  return { recipe, contracts: new Map([...all].filter(([name]) => datasets.has(name))) }
}

/** The shipped recipe of that name. Throws RECIPE_UNKNOWN. */
export function shippedRecipe(name: string): Recipe {
  const recipe = shippedRecipes().get(name)
  if (recipe !== undefined) return recipe
  throw new PipelineError(
    'RECIPE_UNKNOWN',
    `There is no recipe "${name}"; the package has ${[...shippedRecipes().keys()].join(', ')}`,
  )
}

/** The page of a recipe that is meant; blank means the only one. Throws PAGE_UNKNOWN. */
export function pageOf(recipe: Recipe, name: string): RecipePage {
  const [first, second] = recipe.pages
  const page = name === '' && second === undefined ? first : recipe.pages.find((each) => each.page === name)
  if (page !== undefined) return page
  const names = recipe.pages.map((each) => each.page).join(', ')
  throw new PipelineError(
    'PAGE_UNKNOWN',
    name === ''
      ? `The recipe ${recipe.recipe} is for several pages: choose one of ${names}`
      : `The recipe ${recipe.recipe} has no page "${name}"; it has ${names}`,
  )
}
