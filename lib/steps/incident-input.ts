import { PipelineError } from '../errors.ts'
import { caughtError } from '../runs/caught.ts'
import { type Infer, Type } from '../schema.ts'
import { incidentStep } from './incident.ts'

interface Message {
  payload?: unknown
  error?: unknown
  [property: string]: unknown
}

/** Which incident, and what to do with it. */
export const IncidentNodeSchema = Type.Object(
  {
    action: Type.Enum(['auto', 'raise', 'resolve'], {
      default: 'auto',
      description: 'auto raises for a message with an error (from a Catch) and resolves for any other',
    }),
    key: Type.String({
      default: '',
      maxLength: 300,
      description:
        'What is broken, such as the name of a source; while an incident of this key is open there is no other',
    }),
    keyProperty: Type.String({
      default: '',
      maxLength: 200,
      description: 'Property of the message that holds the key, where none is given: payload.source',
    }),
    itemProperty: Type.String({
      default: 'payload.dataset',
      maxLength: 200,
      description: 'Property of the message that names what is affected; without it the key of the item inside an each',
    }),
    serves: Type.Enum(['nothing', 'backup', 'cache'], {
      default: 'nothing',
      description: 'What readers get while the incident is open, for the alert',
    }),
    whole: Type.Boolean({
      default: false,
      description: 'Resolving closes the incident whatever it affects: what works for one works for all',
    }),
    flapMinutes: incidentStep.config.properties.flapMinutes,
  },
  { additionalProperties: false },
)

/**
 * What a message says to the step `incident`, by the node's settings; `item` is the key of the item inside an each. Throws
 * INCIDENT_KEY.
 */
export function incidentInput(message: Message, config: Infer<typeof IncidentNodeSchema>, item: string) {
  const caught = caughtError(message)
  const action = config.action === 'auto' ? (caught === undefined ? 'resolve' : 'raise') : config.action
  const key = config.key === '' ? textAt(message, config.keyProperty) : config.key
  if (key === undefined || key === '') {
    throw new PipelineError('INCIDENT_KEY', `msg.${config.keyProperty} holds no text to name the incident by`)
  }
  return {
    action,
    key,
    item:
      action === 'resolve' && config.whole
        ? null
        : ((config.itemProperty === '' ? undefined : textAt(message, config.itemProperty)) ?? item),
    error: { code: caught?.code ?? 'RAISED', message: caught?.message ?? 'Raised by the flow' },
    ...(config.serves === 'nothing' ? {} : { served: { tier: config.serves, ageSeconds: ageOf(message) } }),
  } as const
}

/** The text at a path such as `payload.dataset`; undefined where there is none. */
function textAt(message: Message, path: string): string | undefined {
  let value: unknown = message
  for (const name of path.replace(/^msg\./, '').split('.')) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Object.getOwnPropertyDescriptor(value, name)?.value
  }
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Of a manifest that says how old it is; null where nobody does. */
function ageOf({ payload }: Message): number | null {
  const age: unknown =
    typeof payload === 'object' && payload !== null
      ? Object.getOwnPropertyDescriptor(payload, 'ageSeconds')?.value
      : undefined
  return typeof age === 'number' ? age : null
}
