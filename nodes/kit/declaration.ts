import type { ObjectSchema } from '../../lib/coerce.ts'
import { type Infer, Type } from '../../lib/schema.ts'

/**
 * How a node is declared: once, as data, in `nodes/<type>/declaration.ts` (named export `declaration`). From it the build makes
 * `dist/nodes/<type>/<type>.html` (registerType literals, edit form, validators) and the help's property tables; the runtime makes
 * the checked config. Nothing in here knows a browser or Node-RED.
 */

/** A JSON Schema of an object, as TypeBox makes it. */
export type { ObjectSchema }

/** A config node that a node points at. */
export interface Reference {
  /** Node type of the config node. */
  type: `ysh-${string}`
  /** Default true: without it the node is marked as not configured. */
  required?: boolean
}

/** A secret or user name, kept in Node-RED's encrypted credentials. */
export interface Credential {
  /** `password` never goes back to the editor. */
  type: 'text' | 'password'
}

/**
 * One row of the edit form. Its texts are in the catalogue: `fields.<field>.label`, and where wanted `.placeholder`, `.tip` and
 * `.options.<value>`; `.help` is its line in the help's table.
 */
export interface Field {
  /** A property of `config`, or the name of a reference or credential. */
  field: string
  /**
   * Left out: `select` for an enum, `number`, `checkbox` and `list` (array of strings) by schema type, `reference` and `password`
   * (or `text`) for those, `text` for the rest. `custom:<name>`: a widget of `nodes/<type>/editor.ts` (export `widgets`).
   */
  widget?:
    | 'text'
    | 'textarea'
    | 'number'
    | 'select'
    | 'checkbox'
    | 'list'
    | 'reference'
    | 'password'
    | `custom:${string}`
  /** Font Awesome 4.7 name without `fa-`. */
  icon?: string
  /** Shown only while another field has one of these values. Hidden fields are still saved. */
  when?: { field: string; is: readonly (string | boolean)[] }
}

/** A collapsible part of the form, titled `sections.<section>`. */
export interface Section {
  section: string
  fields: readonly Field[]
  /** Default false. */
  open?: boolean
}

/** How many messages a node works on and keeps waiting; present on nodes that do slow work. All editable in the form. */
export const LimitsSchema = Type.Object(
  {
    concurrency: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 64,
      description: 'Messages worked on at the same time',
    }),
    queueLimit: Type.Integer({
      default: 100,
      minimum: 0,
      maximum: 100_000,
      description: 'Messages that may wait; the next one is refused with the error QUEUE_FULL',
    }),
    timeoutSeconds: Type.Number({
      default: 0,
      minimum: 0,
      maximum: 1_000_000,
      description: 'A message that takes longer fails with the error TIMEOUT; 0 waits as long as it takes',
    }),
  },
  { additionalProperties: false },
)
export type Limits = Infer<typeof LimitsSchema>

export interface NodeDeclaration {
  /** Node-RED type, also the folder's name: `ysh-aneel-fetch`. */
  type: `ysh-${string}`
  /** `config` makes a config node. */
  category: 'ysh' | 'config'
  /** Hex colour and icon file (in `nodes/<type>/icons/`, white on transparent, 40x60); not used by config nodes. */
  color?: `#${string}`
  icon?: `${string}.svg`
  inputs?: 0 | 1
  /** A name per output; labels are `outputs.<name>`. */
  outputs?: readonly string[]
  align?: 'left' | 'right'
  /**
   * The user's settings, checked once at construction. A property that has the name of a reference is not in the form: it is filled in
   * with the checked config of the config node (`portal` of `ysh-aneel-fetch`).
   */
  config: ObjectSchema
  references?: Readonly<Record<string, Reference>>
  credentials?: Readonly<Record<string, Credential>>
  /** Present: the node queues its messages. The values are this node's defaults. */
  limits?: Partial<Limits>
  /** The form, in order, without the name (first) and the limits (last), which the kit adds. */
  form: readonly (Field | Section)[]
  /** Property shown on the node while it has no name; else its translated type label. */
  labelFrom?: string
  /** A button on the node, as Inject has; the runtime's `press` answers it. */
  button?: boolean
  /**
   * What `msg.payload` is, for the help's tables: a step's `input` and `output`. Texts: `input.<property>`, `output.<property>` in the
   * catalogue. A node that passes messages through says `null` and explains itself in its help text.
   */
  messages?: { input: ObjectSchema | null; output: ObjectSchema | null }
  /**
   * Keys of the catalogue that only the runtime or the editor code uses (`status.published`), so that tests can tell them from
   * forgotten ones. `status.*` texts stay under 20 characters with their numbers filled in.
   */
  texts?: readonly string[]
}

/** Declares a node; only there to keep literal types. */
export function defineNode<const D extends NodeDeclaration>(declaration: D): D {
  return declaration
}

/** The checked config that a declaration's runtime gets. */
export type ConfigOf<D extends NodeDeclaration> = Infer<D['config']>
