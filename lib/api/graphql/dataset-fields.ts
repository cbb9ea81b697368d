import { PipelineError } from '../../errors.ts'
import type { Described, DescribedColumn, Page } from '../../steps/dataset/read/port.ts'
import type { Json } from '../../stores/cache/port.ts'
import {
  GraphQLEnumType,
  type GraphQLFieldConfig,
  type GraphQLFieldConfigMap,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLResolveInfo,
  GraphQLString,
} from '../../vendor/graphql.ts'
import { allow, type GraphqlContext } from './context.ts'
import { conditionsOf, filterTypes, scalarOf } from './filters.ts'
import { type Link, linksOf } from './links.ts'
import { camel, Names, pascal } from './names.ts'
import { ProvenanceType } from './provenance.ts'
import { selectedFields } from './selection.ts'

/** Most rows of one page. */
export const mostRows = 1_000
const usualRows = 100
/** What a statement costs beside its rows, in the units of the cost limit. */
export const statementCost = 50

/** A dataset in the schema. */
export interface DatasetNames {
  described: Described
  /** Field of the query. */
  field: string
  /** Type of a row. */
  type: string
  /** Fields of its columns, in their order. */
  columns: readonly { field: string; column: DescribedColumn }[]
  /** Fields that lead to rows of other datasets. */
  links: readonly { field: string; link: Link }[]
}

/** A row with what its links have to know. */
interface RowSource {
  row: Record<string, Json>
  asOf?: string
  numbers: boolean
}

const endings = ['Page', 'Filter', 'Order']

const Numbers = new GraphQLEnumType({
  name: 'Numbers',
  description: 'How decimals are answered.',
  values: {
    text: { value: 'text', description: 'Exactly, as text.' },
    number: { value: 'number', description: 'As JSON numbers, which may round beyond 15 digits.' },
  },
})

/** Names for datasets, their columns and links, the same ones each time for the same datasets. `fields` and `types` are taken already. */
export function nameDatasets(datasets: readonly Described[], fields: Names, types: Names): DatasetNames[] {
  const sorted = [...datasets].sort((a, b) => (a.dataset < b.dataset ? -1 : 1))
  const queries = new Map(sorted.map(({ dataset }) => [dataset, fields.give(camel(dataset), dataset)]))
  return sorted.map((described) => {
    const { dataset } = described
    const own = new Names()
    const columns = described.columns.map((column) => ({ field: own.give(column.name, column.name), column }))
    const links = linksOf(described, sorted)
    const fieldOf = ({ to, from }: Link) => {
      const aim = queries.get(to) ?? camel(to)
      // where several columns lead to one dataset, the column tells them apart
      const alone = links.filter((other) => other.to === to).length === 1
      return own.give(alone ? aim : `${aim}_${from}`, `${to} ${from}`)
    }
    return {
      described,
      field: queries.get(dataset) ?? camel(dataset),
      type: types.give(pascal(dataset), dataset, endings),
      columns,
      links: links.map((link) => ({ field: fieldOf(link), link })),
    }
  })
}

/** Query fields of all datasets: `aneelTarifas(where, orderBy, first, after, asOf, numbers)`. */
export function datasetFields(datasets: readonly DatasetNames[]): GraphQLFieldConfigMap<unknown, GraphqlContext> {
  const targets: Targets = new Map()
  for (const named of datasets) {
    const type = new GraphQLObjectType<RowSource, GraphqlContext>({
      name: named.type,
      description: titleOf(named.described),
      // rows lead to one another: their fields are known when all types are
      fields: () => rowFields(named, targets),
    })
    targets.set(named.described.dataset, { named, type })
  }
  return Object.fromEntries([...targets.values()].map(({ named, type }) => [named.field, datasetField(named, type)]))
}

/** Types of rows, by dataset. */
type Targets = Map<string, { named: DatasetNames; type: GraphQLObjectType<RowSource, GraphqlContext> }>

function titleOf({ dataset, contract: { title, attribution } }: Described): string {
  return `${title['en-US']} (\`${dataset}\`). ${title['pt-BR']}.${attribution === '' ? '' : ` ${attribution}.`}`
}

function descriptionOf({ description, unit }: DescribedColumn): string {
  const parts = [description?.['en-US'], unit === null ? undefined : `Unit: ${unit}.`, description?.['pt-BR']]
  return parts.filter((part) => part !== undefined && part !== '').join('\n\n')
}

function rowFields(named: DatasetNames, targets: Targets): GraphQLFieldConfigMap<RowSource, GraphqlContext> {
  const fields: GraphQLFieldConfigMap<RowSource, GraphqlContext> = {}
  for (const { field, column } of named.columns) {
    fields[field] = {
      // also what the contract never lets be missing: an older version may lack the whole column
      type: scalarOf[column.type],
      description: descriptionOf(column),
      resolve: ({ row, numbers }) => shownValue(row[column.name] ?? null, column.type, numbers),
    }
  }
  for (const { field, link } of named.links) {
    const target = targets.get(link.to)
    if (target === undefined) continue
    fields[field] = {
      type: target.type,
      description: `The row of \`${link.to}\` whose ${link.key} is the ${link.from} of this one, if there is one.`,
      resolve: async ({ row, ...same }, _args, context, info) => {
        const value = row[link.from] ?? null
        if (value === null) return null
        const columns = columnsFor(target.named, selectedFields(info))
        const found = await context.links.load(link, String(value), { columns, ...same }, context)
        return found === null ? null : { row: found, ...same }
      },
    }
  }
  return fields
}

/** As the reader gives it, whole numbers and, when asked for, decimals as numbers where they can be. */
function shownValue(value: Json, type: DescribedColumn['type'], numbers: boolean): Json {
  if (typeof value !== 'string') return type === 'decimal' && !numbers && value !== null ? String(value) : value
  if (type === 'integer') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  return type === 'decimal' && numbers ? Number(value) : value
}

/** The columns that fields need; at least one, for none would take all. */
function columnsFor(named: DatasetNames, fields: ReadonlySet<string>): string[] {
  const own = named.columns.filter(({ field }) => fields.has(field)).map(({ column }) => column.name)
  const starts = named.links.filter(({ field }) => fields.has(field)).map(({ link }) => link.from)
  const wanted = [...new Set([...own, ...starts])]
  return wanted.length > 0 ? wanted : named.columns.slice(0, 1).map(({ column }) => column.name)
}

function datasetField(
  named: DatasetNames,
  rowType: GraphQLObjectType<RowSource, GraphqlContext>,
): GraphQLFieldConfig<unknown, GraphqlContext> {
  const { described, type, columns } = named
  const pageType = new GraphQLObjectType<Page & { sources: RowSource[] }, GraphqlContext>({
    name: `${type}Page`,
    fields: {
      rows: {
        type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(rowType))),
        resolve: (page) => page.sources,
      },
      next: {
        type: GraphQLString,
        description: 'Hand it over as `after` for the next page; null after the last row. Opaque.',
      },
      provenance: { type: new GraphQLNonNull(ProvenanceType) },
    },
  })
  const filter = new GraphQLInputObjectType({
    name: `${type}Filter`,
    description: 'All that is given holds.',
    fields: Object.fromEntries(columns.map(({ field, column }) => [field, { type: filterTypes[column.type] }])),
  })
  const orders = new Names()
  const order = new GraphQLEnumType({
    name: `${type}Order`,
    values: Object.fromEntries(
      columns.flatMap(({ field, column: { name } }) => [
        [orders.give(`${field}_ASC`, name), { value: name }],
        [orders.give(`${field}_DESC`, `-${name}`), { value: `-${name}` }],
      ]),
    ),
  })
  const columnOf = new Map(columns.map(({ field, column }) => [field, column.name]))
  return {
    // may be missing, so that what goes wrong with it takes nothing else along
    type: pageType,
    description: titleOf(described),
    args: {
      where: { type: filter, description: 'Which rows; left out: all.' },
      orderBy: {
        type: new GraphQLList(new GraphQLNonNull(order)),
        description: 'Missing values last. Left out: by the place of the row, which is the fastest.',
      },
      first: { type: new GraphQLNonNull(GraphQLInt), defaultValue: usualRows, description: `At most ${mostRows}.` },
      after: { type: GraphQLString, description: '`next` of the page before, with everything else the same.' },
      asOf: {
        type: GraphQLString,
        description: 'A day (its end in Brasília) or an instant: the rows as they were published here then.',
      },
      numbers: { type: new GraphQLNonNull(Numbers), defaultValue: 'text' },
    },
    extensions: {
      complexity: ({ args, childComplexity }: { args: Record<string, unknown>; childComplexity: number }) =>
        statementCost + Math.max(1, Number(args.first)) * childComplexity,
    },
    resolve: (_source, args: Record<string, unknown>, context, info) => read(named, columnOf, args, context, info),
  }
}

async function read(
  named: DatasetNames,
  columnOf: ReadonlyMap<string, string>,
  args: Record<string, unknown>,
  context: GraphqlContext,
  info: GraphQLResolveInfo,
): Promise<Page & { sources: RowSource[] }> {
  allow(context, 'datasets')
  const limit = Number(args.first)
  if (!(limit >= 1 && limit <= mostRows)) {
    throw new PipelineError('GRAPHQL_LIMIT', `\`first\` is ${limit}, but 1 to ${mostRows} can be asked for`)
  }
  const order = Array.isArray(args.orderBy) ? args.orderBy.map(String) : []
  if (order.length > 10) throw new PipelineError('GRAPHQL_LIMIT', '`orderBy` takes at most 10 columns')
  const asOf = typeof args.asOf === 'string' ? { asOf: args.asOf } : {}
  const page = await context.turn(() =>
    context.source.page(
      named.described.dataset,
      {
        columns: columnsFor(named, selectedFields(info, 'rows')),
        where: conditionsOf(args.where, (field) => columnOf.get(field) ?? field),
        order,
        ...asOf,
      },
      { limit, ...(typeof args.after === 'string' ? { after: args.after } : {}) },
    ),
  )
  const numbers = args.numbers === 'number'
  // rows of links of the same instant: the day as it was asked for
  return { ...page, sources: page.rows.map((row) => ({ row, numbers, ...asOf })) }
}
