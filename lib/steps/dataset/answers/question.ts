import { type Infer, type Schema, Type } from '../../../schema.ts'
import type { QueryOptions, QueryResult, Row } from '../../../stores/postgres/port.ts'

/** Reads for an answer; under the deadline of whoever asks. */
export type Ask = <R extends Row>(
  text: string,
  values?: readonly unknown[],
  options?: QueryOptions,
) => Promise<QueryResult<R>>

/** Schema of an object. */
export type ObjectSchema = Schema & { properties: Record<string, Schema> }

/** A question that is often asked of datasets and has one right way to be answered, so that nobody has to write its SQL. */
export interface Question<P extends Schema = Schema, A extends ObjectSchema = ObjectSchema> {
  /** Part of the key under which answers are kept. Another name once the same parameters give another answer. */
  name: string
  /** What it is made of; without the first there is no answer. The first gives the provenance. */
  datasets: readonly [string, ...string[]]
  params: P
  answer: A
  /** What of the parameters depends on the day: called before the answer is looked up. `today` is the civil day of Brasília. */
  settle?(params: Infer<P>, today: string): Infer<P>
  /** Asked beforehand once there is a new version. */
  warm: readonly Infer<P>[]
  /** What the database says; checked against `answer` by whoever asks. */
  read(ask: Ask, params: Infer<P>): Promise<unknown>
}

/** Declares a question; only there to let TypeScript infer the types from the schemas. */
export function defineQuestion<const P extends Schema, const A extends ObjectSchema>(
  question: Question<P, A>,
): Question<P, A> {
  return question
}

/** A value that may be missing. */
export function nullable<S extends Schema>(schema: S) {
  return Type.Union([schema, Type.Null()])
}

/** A day as parameter. */
export const Day = Type.String({ format: 'date', description: 'A day, such as 2026-07-01' })
/** A month as parameter. */
export const Month = Type.String({ pattern: '^\\d{4}-(0[1-9]|1[0-2])$', description: 'A month, such as 2026-07' })

/** The SQL literal-free list of a row schema's columns: property names are column names. */
export function columnsOf(schema: ObjectSchema, alias: string): string {
  return Object.keys(schema.properties)
    .map((name) => `${alias}."${name}"`)
    .join(', ')
}

/** `numeric` and `int8` come from the database as text: numbers of the schema become numbers. */
export function numbersOf(schema: ObjectSchema, row: Row): Row {
  return Object.fromEntries(
    Object.entries(schema.properties).map(([name, property]) => {
      const value = row[name]
      return [name, typeof value === 'string' && isNumeric(property) ? Number(value) : (value ?? null)]
    }),
  )
}

function isNumeric(schema: object): boolean {
  if ('type' in schema && (schema.type === 'number' || schema.type === 'integer')) return true
  return 'anyOf' in schema && Array.isArray(schema.anyOf) && schema.anyOf.some(isNumeric)
}
