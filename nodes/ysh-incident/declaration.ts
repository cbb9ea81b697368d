import { Type } from '../../lib/schema.ts'
import { incidentStep } from '../../lib/steps/incident.ts'
import { defineNode } from '../kit/declaration.ts'

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

/** Raises or resolves an incident, and lets the message pass. */
export const declaration = defineNode({
  type: 'ysh-incident',
  category: 'ysh',
  color: '#A9BEDC',
  icon: 'ysh-incident.svg',
  inputs: 1,
  outputs: ['changed', 'pass'],
  config: IncidentNodeSchema,
  references: { stores: { type: 'ysh-stores' } },
  limits: { concurrency: 4, queueLimit: 1_000 },
  labelFrom: 'key',
  form: [
    { field: 'action', icon: 'bell-o' },
    { field: 'key', icon: 'key' },
    { field: 'keyProperty', icon: 'ellipsis-h' },
    { field: 'itemProperty', icon: 'table' },
    { field: 'serves', icon: 'life-ring', when: { field: 'action', is: ['auto', 'raise'] } },
    { field: 'whole', icon: 'check', when: { field: 'action', is: ['auto', 'resolve'] } },
    { field: 'flapMinutes', icon: 'exchange' },
    { field: 'stores', icon: 'database' },
  ],
  messages: { input: null, output: null },
  texts: ['status.open', 'status.closed'],
})
