import { type Infer, Type } from '../schema.ts'
import type { Json } from '../stores/cache/port.ts'
import { JournalErrorSchema } from './run.ts'

const done = { state: Type.Literal('done'), output: Type.Unsafe<Json>(Type.Unknown()) }
const failed = { state: Type.Literal('failed'), error: JournalErrorSchema }

/** How an item of an each/join ended. */
export const ItemEndSchema = Type.Union([Type.Object(done), Type.Object(failed)])
/** {@link ItemEndSchema} as a type. */
export type ItemEnd = Infer<typeof ItemEndSchema>

/** One item in a join's result. */
export const JoinedItemSchema = Type.Union([
  Type.Object({ key: Type.String(), ...done }),
  Type.Object({ key: Type.String(), ...failed }),
])
/** {@link JoinedItemSchema} as a type. */
export type JoinedItem = Infer<typeof JoinedItemSchema>

/** What a join sends: all items, in the order of the list. */
export const JoinedSchema = Type.Object({
  items: Type.Array(JoinedItemSchema),
  done: Type.Integer(),
  failed: Type.Integer(),
})
