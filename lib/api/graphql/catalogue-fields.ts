import type { DescribedColumn } from '../../steps/dataset/read/port.ts'
import {
  GraphQLBoolean,
  GraphQLEnumType,
  type GraphQLFieldConfigMap,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLString,
} from '../../vendor/graphql.ts'
import { allow, type GraphqlContext } from './context.ts'
import { type DatasetNames, statementCost } from './dataset-fields.ts'
import { ProvenanceType } from './provenance.ts'

const text = new GraphQLNonNull(GraphQLString)

const Language = new GraphQLEnumType({
  name: 'Language',
  values: { en_US: { value: 'en-US' }, pt_BR: { value: 'pt-BR' } },
})
const inLanguage = { language: { type: new GraphQLNonNull(Language), defaultValue: 'en-US' } }

function words(value: { 'pt-BR': string; 'en-US': string } | null, language: unknown): string | null {
  return value === null ? null : value[language === 'pt-BR' ? 'pt-BR' : 'en-US']
}

const ColumnType = new GraphQLObjectType<{ field: string; column: DescribedColumn }, GraphqlContext>({
  name: 'Column',
  fields: {
    name: { type: text, description: 'As in the contract.', resolve: ({ column }) => column.name },
    field: { type: text, description: 'Its field in this schema.', resolve: ({ field }) => field },
    type: { type: text, resolve: ({ column }) => column.type },
    unit: { type: GraphQLString, resolve: ({ column }) => column.unit },
    nullable: { type: new GraphQLNonNull(GraphQLBoolean), resolve: ({ column }) => column.nullable },
    description: {
      type: GraphQLString,
      args: inLanguage,
      resolve: ({ column }, { language }) => words(column.description, language),
    },
  },
})

const list = (type: GraphQLObjectType<{ field: string; column: DescribedColumn }, GraphqlContext>) =>
  new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(type)))

const DatasetType = new GraphQLObjectType<DatasetNames, GraphqlContext>({
  name: 'Dataset',
  description: 'A dataset that is held here.',
  fields: {
    name: { type: text, resolve: ({ described }) => described.dataset },
    field: { type: text, description: 'The field of the query that answers its rows.', resolve: ({ field }) => field },
    title: {
      type: text,
      args: inLanguage,
      resolve: ({ described }, { language }) => words(described.contract.title, language),
    },
    cadence: {
      type: GraphQLString,
      description: 'How often the source publishes it.',
      resolve: ({ described }) => described.contract.cadence ?? null,
    },
    key: {
      type: new GraphQLNonNull(new GraphQLList(text)),
      description: 'Its natural key; empty where there is none.',
      resolve: ({ described }) => described.contract.key,
    },
    columns: { type: list(ColumnType), resolve: ({ columns }) => columns },
    provenance: {
      type: new GraphQLNonNull(ProvenanceType),
      extensions: { complexity: ({ childComplexity }: { childComplexity: number }) => 5 + childComplexity },
      resolve: ({ described: { dataset } }, _args, context) => context.turn(() => context.source.provenance(dataset)),
    },
  },
})

/** `datasets` and `dataset(name)`: what is held, without its rows. */
export function catalogueFields(datasets: readonly DatasetNames[]): GraphQLFieldConfigMap<unknown, GraphqlContext> {
  const complexity = (times: number) => ({
    complexity: ({ childComplexity }: { childComplexity: number }) => statementCost + times * childComplexity,
  })
  return {
    datasets: {
      type: new GraphQLList(new GraphQLNonNull(DatasetType)),
      description: 'What is held here.',
      extensions: complexity(Math.max(1, datasets.length)),
      resolve: (_source, _args, context) => {
        allow(context, 'datasets')
        return datasets
      },
    },
    dataset: {
      type: DatasetType,
      description: 'One of them; null where there is none of the name.',
      args: { name: { type: text, description: 'Such as `aneel.tarifas`.' } },
      extensions: complexity(1),
      resolve: (_source, { name }, context) => {
        allow(context, 'datasets')
        return datasets.find(({ described }) => described.dataset === name) ?? null
      },
    },
  }
}
