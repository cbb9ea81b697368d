import { type Schema, Type } from '../../../schema.ts'
import type { Described, DescribedColumn } from '../../../steps/dataset/read/port.ts'
import { pascal } from '../../names.ts'
import { ProvenanceSchema } from '../../provenance.ts'
import type { ConcretePath } from '../../route.ts'
import { controls, suffixesOf } from './selection.ts'

/** JSON Schema of a row of a dataset, with `x-unit` and the description in both languages. */
export function rowSchema(described: Described): Schema {
  return Type.Object(Object.fromEntries(described.columns.map((column) => [column.name, columnSchema(column)])), {
    title: described.dataset,
    description: described.contract.title['en-US'],
    additionalProperties: false,
  })
}

function columnSchema(column: DescribedColumn): Schema {
  const { unit, description, nullable } = column
  const { type, ...rest } = valueSchema(column)
  return Type.Unsafe({
    type: [...type, ...(nullable ? ['null'] : [])],
    ...rest,
    ...(unit === null ? {} : { 'x-unit': unit }),
    ...(description === null ? {} : { description: description['en-US'], 'x-description-pt-BR': description['pt-BR'] }),
  })
}

/** Numbers are texts with `numbers=text`; whole ones also where a number does not hold them. */
function valueSchema({ type, scale }: DescribedColumn): { type: string[] } & Record<string, unknown> {
  if (type === 'integer') return { type: ['integer', 'string'] }
  if (type === 'decimal') return { type: ['number', 'string'], ...(scale === null ? {} : { 'x-scale': scale }) }
  if (type === 'date' || type === 'month') return { type: ['string'], format: 'date' }
  if (type === 'cnpj') return { type: ['string'], pattern: '^\\d{14}$' }
  return { type: ['string'] }
}

/** The answer of rows. */
export const pageSchema = (row: Schema) =>
  Type.Object({
    rows: Type.Array(row),
    next: Type.Union([Type.String(), Type.Null()], { description: 'Hand it over as `after`; null on the last page' }),
    provenance: ProvenanceSchema,
  })

/** The path of one dataset, with its own filters and its own rows. */
export function concretePath(described: Described): ConcretePath {
  const { dataset, contract } = described
  const filters: [string, Schema][] = described.columns.flatMap((column) => {
    const { name, type, unit, description } = column
    const plain = Object.hasOwn(controls, name) ? `${name}.eq` : name
    const words = [description?.['en-US'] ?? '', unit === null ? '' : `Unit: ${unit}`]
      .filter((word) => word !== '')
      .join('. ')
    return [
      [plain, Type.Optional(Type.String({ description: `${words === '' ? '' : `${words}. `}Type: ${type}` }))],
      ...suffixesOf(column).map((suffix): [string, Schema] => [
        `${name}.${suffix}`,
        Type.Optional(suffix === 'null' ? Type.Boolean() : Type.String()),
      ]),
    ]
  })
  const notes = contract.notes.map((note) => `- ${note}`).join('\n')
  return {
    path: `/datasets/${dataset}`,
    id: `getRows${pascal(dataset)}`,
    summary: contract.title['en-US'],
    description: [contract.title['pt-BR'], contract.attribution, notes].filter((text) => text !== '').join('\n\n'),
    query: Type.Object({ ...controls, ...Object.fromEntries(filters) }, { additionalProperties: false }),
    // `fields` leaves columns out
    answer: pageSchema({ ...rowSchema(described), required: [] }),
  }
}
