import { type Infer, Type } from '../schema.ts'

const strict = { additionalProperties: false }
const texts = Type.Array(Type.String())

/** A column, as `create table` needs it. */
export const ColumnShape = Type.Object(
  {
    name: Type.String(),
    type: Type.String(),
    notNull: Type.Boolean(),
    default: Type.Union([Type.String(), Type.Null()]),
    /** `a`lways or by `d`efault; empty for none. */
    identity: Type.String(),
    /** Where it is not the type's own. */
    collation: Type.Union([Type.String(), Type.Null()]),
    storage: Type.Union([Type.String(), Type.Null()]),
    comment: Type.Union([Type.String(), Type.Null()]),
  },
  strict,
)

/** A table without its rows: what is made before them, and as statements what comes after. */
export const TableShape = Type.Object(
  {
    schema: Type.String(),
    name: Type.String(),
    unlogged: Type.Boolean(),
    options: texts,
    columns: Type.Array(ColumnShape),
    comment: Type.Union([Type.String(), Type.Null()]),
    keys: texts,
    indexes: texts,
    references: texts,
    triggers: texts,
  },
  strict,
)
export type TableShape = Infer<typeof TableShape>

/** The tables of a pipeline and all that hangs on them, as PostgreSQL's own catalogue tells it. */
export const Structure = Type.Object(
  {
    schemas: texts,
    /** Where pgvector is installed. */
    vector: Type.Union([Type.Object({ schema: Type.String(), version: Type.String() }, strict), Type.Null()]),
    tables: Type.Array(TableShape),
    /** Functions and views in any order, each with what is said of it. */
    routines: texts,
    views: texts,
    comments: texts,
    /** Views over something that is none of ours. */
    leftOut: texts,
  },
  strict,
)
export type Structure = Infer<typeof Structure>
