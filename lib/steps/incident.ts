import { AlertSchema } from '../runs/alert.ts'
import { TierSchema } from '../runs/fallback.ts'
import { raiseIncident, recoverItem } from '../runs/incidents.ts'
import { wakeOutbox } from '../runs/outbox.ts'
import { Type } from '../schema.ts'
import { defineStep } from './step.ts'

const OutputSchema = Type.Object({
  incident: Type.Union([Type.String(), Type.Null()]),
  change: Type.Enum(['opened', 'reopened', 'closed', 'none']),
  alert: Type.Union([AlertSchema, Type.Null()]),
})

/**
 * Raises or resolves an incident that a flow names itself. Effect, alert and journal line commit together, so that a replay says the
 * same again and nobody is alerted twice.
 */
export const incidentStep = defineStep({
  name: 'incident',
  version: 1,
  config: Type.Object(
    {
      flapMinutes: Type.Integer({
        default: 30,
        minimum: 0,
        maximum: 10_080,
        description: 'An incident that comes back within so many minutes is the same one, without another alert',
      }),
    },
    { additionalProperties: false },
  ),
  input: Type.Object({
    action: Type.Enum(['raise', 'resolve']),
    key: Type.String({ minLength: 1, maxLength: 300 }),
    /** What is affected; '' where there is nothing to tell apart; null, for what is resolved: everything. */
    item: Type.Union([Type.String({ maxLength: 300 }), Type.Null()]),
    error: Type.Object({ code: Type.String(), message: Type.String() }),
    /** Who serves meanwhile, null where the age is not known; left out for nobody. */
    served: Type.Optional(Type.Object({ tier: TierSchema, ageSeconds: Type.Union([Type.Number(), Type.Null()]) })),
  }),
  output: OutputSchema,
  async run({ action, key, item, error, served }, { flapMinutes }, context) {
    const { postgres } = context.stores
    const at = context.clock.now()
    // Apart from the keys that steps use for their own sources.
    const own = `flow ${key}`
    const output = await postgres.transaction(async (tx) => {
      const { incident, change, alert } =
        action === 'raise'
          ? await raiseIncident(tx, {
              ...{ key: own, kind: 'custom', what: key, item: item ?? '', error, at, flapMinutes },
              served: served === undefined ? null : { ...served, versions: {} },
            })
          : await recoverItem(tx, { key: own, item, at, difference: null })
      const answer = { incident: incident ?? null, change, alert: alert ?? null }
      await context.finish(tx, answer)
      return answer
    })
    if (output.alert !== null) wakeOutbox(postgres)
    return output
  },
})
