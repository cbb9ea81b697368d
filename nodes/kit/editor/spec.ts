import type { Rules } from './check.ts'

/** A field of the form, as the build writes it into the node's HTML. */
export interface FormField {
  field: string
  widget: string
  rules: Rules
  /** The value of a new node. */
  value: unknown
  /** The catalogue has `fields.<field>.invalid`: said instead of the general word for a wrong form. */
  ownMessage?: boolean
  when?: { field: string; is: readonly (string | boolean)[] }
}

/** A node's form, as the build writes it. */
export interface FormSpec {
  type: string
  /** `<module>/<set>`: where the node's texts are. */
  namespace: string
  config: boolean
  fields: readonly FormField[]
}
