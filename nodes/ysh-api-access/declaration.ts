import { Type } from '../../lib/schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** Which scope a caller needs. */
export const ApiAccessSchema = Type.Object(
  {
    scope: Type.Enum(['any', 'datasets', 'documents', 'runs', 'events'], {
      default: 'any',
      description: 'What the key or token must allow; any takes every one that is right',
    }),
  },
  { additionalProperties: false },
)

/** What goes out of the second output. */
export const RefusedSchema = Type.Object({
  code: Type.String(),
  message: Type.String(),
  status: Type.Integer(),
  method: Type.String(),
  path: Type.String(),
  address: Type.String(),
})

/** Guards an endpoint of a flow. */
export const declaration = defineNode({
  type: 'ysh-api-access',
  category: 'ysh',
  color: '#A9BEDC',
  icon: 'ysh-api-access.svg',
  inputs: 1,
  outputs: ['allowed', 'refused'],
  config: ApiAccessSchema,
  references: { api: { type: 'ysh-api' } },
  form: [
    { field: 'api', icon: 'plug' },
    { field: 'scope', icon: 'key' },
  ],
  messages: { input: null, output: null },
  texts: ['status.allowed', 'status.refused'],
})
