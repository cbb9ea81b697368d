import { Type } from '../../lib/schema.ts'
import { defineNode } from '../../nodes/kit/declaration.ts'

/** How long a step takes, in milliseconds: at least nothing, at most `ms`, by what it works on. */
const ms = Type.Integer({ default: 0, minimum: 0, maximum: 60_000 })

/** Declares one of the test's own step nodes. */
export function declare<const T extends `ysh-${string}`>(type: T) {
  return defineNode({
    type,
    category: 'ysh',
    outputs: ['one'],
    config: Type.Object(
      {
        ms,
        failures: Type.Integer({
          default: 0,
          minimum: 0,
          maximum: 100,
          description: 'So many first tries of each step fail',
        }),
      },
      { additionalProperties: false },
    ),
    references: { stores: { type: 'ysh-stores' } },
    limits: { concurrency: 8, queueLimit: 1_000 },
    form: [],
  })
}
