import { Type } from '../../../schema.ts'
import { provenanceOf } from '../../../steps/dataset/read/describe.ts'
import { ProvenanceSchema, provenanceHeaders } from '../../provenance.ts'
import { type AnyRoute, defineRoute, None } from '../../route.ts'
import { readerOf } from './reader.ts'
import { rowSchema } from './row-schema.ts'
import { DatasetParams, rowsRoute } from './rows.ts'
import { suffixesOf } from './selection.ts'

const nullable = <const S extends Parameters<typeof Type.Union>[0][number]>(schema: S) =>
  Type.Union([schema, Type.Null()])
const Words = Type.Object({ 'pt-BR': Type.String(), 'en-US': Type.String() }, { title: 'Words' })

const listRoute = defineRoute({
  ...{ method: 'GET', path: '/datasets', id: 'listDatasets', scope: 'datasets', params: None, query: None },
  summary: 'What datasets are held',
  answer: Type.Object({
    datasets: Type.Array(
      Type.Object(
        {
          dataset: Type.String({ description: 'Its name' }),
          title: Words,
          cadence: nullable(Type.String({ description: 'How often its source is published' })),
          rows: Type.Integer(),
          version: Type.Integer(),
          publishedAt: Type.String({ format: 'date-time' }),
          retrievedAt: Type.String({ format: 'date-time', description: 'When its source was last looked at' }),
          ageSeconds: Type.Number(),
          tier: Type.String(),
          attribution: Type.String(),
        },
        { title: 'HeldDataset' },
      ),
    ),
  }),
  async handle(_request, context) {
    const now = context.clock.now().getTime()
    const heads = await readerOf(context).list()
    return {
      json: {
        datasets: heads.map((head) => ({
          ...{ ...head, cadence: head.cadence ?? null },
          ageSeconds: Math.max(0, (now - Date.parse(head.publishedAt)) / 1_000),
        })),
      },
    }
  },
})

const schemaRoute = defineRoute({
  ...{ method: 'GET', path: '/datasets/{name}/schema', id: 'getSchema', scope: 'datasets', query: None },
  summary: 'Columns of a dataset',
  description:
    'The JSON Schema of a row, with units and descriptions in both languages, the key, the cadence and notes.',
  params: DatasetParams,
  answer: Type.Object({
    dataset: Type.String(),
    title: Words,
    cadence: nullable(Type.String()),
    attribution: Type.String(),
    key: Type.Array(Type.String(), { description: 'What tells rows apart; empty where nothing does' }),
    notes: Type.Array(Type.String()),
    columns: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          type: Type.String(),
          scale: nullable(Type.Integer()),
          unit: nullable(Type.String()),
          description: nullable(Words),
          nullable: Type.Boolean(),
          filters: Type.Array(Type.String(), { description: 'Suffixes beside `column=value`' }),
        },
        { title: 'DescribedColumn' },
      ),
    ),
    row: Type.Object({}, { additionalProperties: true, description: 'JSON Schema 2020-12' }),
    provenance: ProvenanceSchema,
  }),
  async handle({ params }, context) {
    const described = await readerOf(context).current(params.name)
    const { dataset, contract, columns, parts } = described
    const provenance = provenanceOf(described, context.clock)
    return {
      json: {
        ...{ dataset, title: contract.title, cadence: contract.cadence ?? null, attribution: contract.attribution },
        ...{ key: contract.key, notes: contract.notes },
        columns: columns.map((column) => {
          const { name, type, scale, unit, description, nullable } = column
          return { name, type, scale, unit, description, nullable, filters: suffixesOf(column) }
        }),
        row: { $schema: 'https://json-schema.org/draft/2020-12/schema', ...rowSchema(described) },
        provenance,
      },
      modified: new Date(Math.max(...parts.map(({ publishedAt }) => Date.parse(publishedAt)))),
      headers: provenanceHeaders(provenance),
    }
  },
})

/** Datasets: what there is, how they are built, their rows. */
export const datasetRoutes: readonly AnyRoute[] = [listRoute, rowsRoute, schemaRoute]
