import { IncidentNodeSchema } from '../../lib/steps/incident-input.ts'
import { defineNode } from '../kit/declaration.ts'

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
