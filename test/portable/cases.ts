import { readdirSync, readFileSync } from 'node:fs'
import { type FlowNode, flowNodes } from '../../lib/flow-check/node.ts'
import { type Trace, TraceSchema } from '../../lib/portable/trace.ts'
import { type Infer, parser, Type } from '../../lib/schema.ts'

/** How a try of a scripted step ends; without `error` with an output on a port. */
const TrySchema = Type.Object(
  {
    error: Type.Optional(Type.Enum(['retryable', 'timeout', 'permanent'])),
    code: Type.Optional(Type.String()),
    port: Type.Optional(Type.String()),
    output: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
)
export type Try = Infer<typeof TrySchema>

/**
 * A flow of the conformance suite. Its steps are of the type `ysh-scripted` (outputs `done` and `other`): `script` says by path of the node, then
 * by item path (`*` for any other), how its tries end, the last one for all further ones; without a line a try gives
 * `{step, item}` on `done`. `slot` and `payload` are what the run starts with.
 */
const CaseSchema = Type.Object(
  {
    what: Type.String(),
    flow: Type.Array(Type.Unsafe<FlowNode>(Type.Object({ id: Type.String(), type: Type.String() }))),
    script: Type.Record(Type.String(), Type.Record(Type.String(), Type.Array(TrySchema, { minItems: 1 }))),
    trace: TraceSchema,
  },
  { additionalProperties: false },
)
export type Case = Infer<typeof CaseSchema>

const RefusedSchema = Type.Object(
  {
    what: Type.String(),
    flow: Type.Array(Type.Unsafe<FlowNode>(Type.Object({ id: Type.String(), type: Type.String() }))),
    code: Type.String(),
    node: Type.String({ description: 'The node that is named' }),
    target: Type.Optional(Type.Literal('step-functions')),
  },
  { additionalProperties: false },
)
export type Refused = Infer<typeof RefusedSchema>

/** Steps that only the tests know. */
export const scriptedSteps = { 'ysh-scripted': ['done', 'other'] } as const

const parse = { case: parser(CaseSchema, 'A conformance flow'), refused: parser(RefusedSchema, 'A refused flow') }

function files(folder: string): { name: string; content: unknown }[] {
  const where = new URL(`${folder}/`, import.meta.url)
  return readdirSync(where)
    .sort()
    .map((name) => ({ name, content: JSON.parse(readFileSync(new URL(name, where), 'utf8')) }))
}

export const cases = (): (Case & { name: string })[] =>
  files('flows').map(({ name, content }) => ({ name, ...parse.case.parse(content) }))
export const refusedFlows = (): (Refused & { name: string })[] =>
  files('refused').map(({ name, content }) => ({ name, ...parse.refused.parse(content) }))

export { flowNodes, type Trace }
