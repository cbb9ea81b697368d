import type { RunRef } from '../../lib/runs/run.ts'
import { type Infer, parser, Type } from '../../lib/schema.ts'

const RunRefSchema = Type.Object({
  id: Type.String(),
  flow: Type.String(),
  slot: Type.String(),
  epoch: Type.Integer(),
  item: Type.String(),
  each: Type.Optional(Type.Array(Type.String())),
  generation: Type.Optional(Type.Integer()),
})

const runs = parser(RunRefSchema, 'msg.run', 'RUN_INVALID')

/** The run that a message belongs to; undefined for one from outside any run. Throws RUN_INVALID for what is no run. */
export function runOf(message: { run?: unknown }): RunRef | undefined {
  if (message.run === undefined || message.run === null) return undefined
  const run: Infer<typeof RunRefSchema> = runs.parse(message.run)
  return run
}
