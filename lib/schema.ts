import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import type { Static, TSchema } from 'typebox'
import { PipelineError } from './errors.ts'

/** A JSON Schema, built with TypeBox (`Type.Object({...})`), so that its TypeScript type is derived and never written twice. */
export type Schema = TSchema
/** The TypeScript type of the values a schema admits. */
export type Infer<S extends Schema> = Static<S>
export { Type } from 'typebox'

// `useDefaults` makes the schema the only home of default values.
// The schemas are our own and TypeBox makes them: compiling the meta-schema to check them would cost 10 MB in every process.
const ajv = new Ajv({
  allErrors: true,
  useDefaults: true,
  strict: false,
  discriminator: true,
  validateSchema: false,
  meta: false,
})
formats.default(ajv)

/** A parser made from a schema: checks an unknown value at the edge, fills in defaults, and hands it on typed. */
export interface Parser<T> {
  /** A checked copy of the value. Throws a {@link PipelineError} with `code` that names every violation. */
  parse(value: unknown): T
  /** The violations, in words; empty when the value is right. */
  problems(value: unknown): string[]
}

/** Makes a {@link Parser}. `what` names the thing in messages ("dataset contract aneel.tarifas"). */
export function parser<S extends Schema>(schema: S, what: string, code = 'SCHEMA'): Parser<Infer<S>> {
  let compiled: ValidateFunction<unknown> | undefined
  // compiled at first use: most processes need few of the schemas they import
  const validate = (value: unknown): boolean => {
    compiled ??= ajv.compile(schema)
    return compiled(value)
  }
  const right = (copy: unknown): copy is Infer<S> => validate(copy)
  return {
    parse(value) {
      const copy: unknown = structuredClone(value)
      if (right(copy)) return copy
      const problems = words(compiled?.errors)
      throw new PipelineError(code, `${what} is not valid: ${problems.join('; ')}`, { details: { problems } })
    },
    problems(value) {
      return right(structuredClone(value)) ? [] : words(compiled?.errors)
    },
  }
}

function words(errors: ErrorObject[] | null | undefined): string[] {
  return (errors ?? []).map((error) => {
    const where = error.instancePath === '' ? 'the value' : error.instancePath.slice(1).replaceAll('/', '.')
    const extra = error.keyword === 'additionalProperties' ? ` ("${error.params.additionalProperty}")` : ''
    const allowed = error.keyword === 'enum' ? `: ${error.params.allowedValues.join(', ')}` : ''
    return `${where} ${error.message ?? error.keyword}${extra}${allowed}`
  })
}
