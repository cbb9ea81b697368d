import { JoinedSchema } from '../../lib/runs/joined.ts'
import { Type } from '../../lib/schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** Brings the items of an each together. */
export const declaration = defineNode({
  type: 'ysh-join',
  category: 'ysh',
  color: '#A9BEDC',
  icon: 'ysh-join.svg',
  inputs: 1,
  outputs: ['joined'],
  config: Type.Object({}, { additionalProperties: false }),
  references: { stores: { type: 'ysh-stores' } },
  form: [{ field: 'stores', icon: 'database' }],
  messages: { input: null, output: JoinedSchema },
  texts: ['status.seen'],
})
