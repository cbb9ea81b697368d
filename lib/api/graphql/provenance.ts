import {
  GraphQLFloat,
  GraphQLInt,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLScalarType,
  GraphQLString,
} from '../../vendor/graphql.ts'
import { BigInt64, DateTime } from './scalars.ts'

const of = (type: GraphQLScalarType, description: string) => ({
  type: new GraphQLNonNull(type),
  description,
})

/** Where rows come from and how old they are (`Provenance` of lib/steps/dataset/read). */
export const ProvenanceType = new GraphQLObjectType({
  name: 'Provenance',
  description: 'Where an answer comes from and how old it is.',
  fields: {
    dataset: of(GraphQLString, 'Name of the dataset.'),
    version: of(GraphQLInt, 'Version; of several parts the newest.'),
    rows: of(BigInt64, 'Rows of the dataset in all, whatever was asked for.'),
    tier: of(GraphQLString, '`primary`: the source itself. `backup`: a mirror of it. Of several parts the lower one.'),
    publishedAt: of(DateTime, 'When it was published here; of several parts the oldest.'),
    retrievedAt: of(DateTime, 'When the source was last looked at, with or without a new file.'),
    ageSeconds: of(GraphQLFloat, 'Seconds since `publishedAt`.'),
    attribution: of(GraphQLString, 'Source and licence. Say it wherever you show the data.'),
    asOf: { type: DateTime, description: 'The instant asked for, when one was.' },
  },
})
