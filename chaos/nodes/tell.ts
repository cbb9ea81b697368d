import { parser, Type } from '../../lib/schema.ts'
import type { Red } from '../../nodes/kit/red.ts'

/** What a Node-RED under test tells the harness. */
export const TidingsSchema = Type.Object({
  kind: Type.Enum(['run', 'step']),
  state: Type.String(),
  run: Type.Object({ flow: Type.String(), slot: Type.String() }),
  error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
})
const tidings = parser(TidingsSchema, 'An event of the engine')

/** Hands the engine's events on to the parent process. */
export function tellTheHarness(red: Red): void {
  red.events.on('ysh:event', (event: unknown) => {
    // An event carries class instances too; only its plain fields matter here.
    const plain: unknown = JSON.parse(JSON.stringify(event))
    if (process.connected && tidings.problems(plain).length === 0) {
      const { kind, state, run, error } = tidings.parse(plain)
      if (state !== 'progress')
        process.send?.({ kind, state, run, ...(error === undefined ? {} : { error }) }, () => {})
    }
  })
}
