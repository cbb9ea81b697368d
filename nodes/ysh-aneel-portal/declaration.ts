import { PortalSchema } from '../../lib/steps/aneel/fetch-schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** Where ANEEL's open data portal is, and how patient we are with it. */
export const declaration = defineNode({
  type: 'ysh-aneel-portal',
  category: 'config',
  config: PortalSchema,
  labelFrom: 'url',
  form: [
    { field: 'url', icon: 'globe' },
    { field: 'contact', icon: 'envelope-o', widget: 'custom:test' },
    {
      section: 'fallback',
      fields: [
        { field: 'backups', icon: 'life-ring' },
        { field: 'incidents', icon: 'bell-o' },
        { field: 'flapMinutes', icon: 'exchange', when: { field: 'incidents', is: [true] } },
      ],
    },
    {
      section: 'patience',
      fields: [
        { field: 'connectTimeoutMs', icon: 'plug' },
        { field: 'idleTimeoutMs', icon: 'pause' },
        { field: 'totalTimeoutMs', icon: 'clock-o' },
        { field: 'tries', icon: 'repeat' },
        { field: 'backoffMs', icon: 'hourglass-half' },
      ],
    },
  ],
  texts: ['list.test', 'list.testing', 'list.failed', 'list.good'],
})
