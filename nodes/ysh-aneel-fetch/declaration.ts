import { FetchConfigSchema, FetchInputSchema, FetchOutputSchema } from '../../lib/steps/aneel/fetch-schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** Keeps a dataset of ANEEL's portal up to date. */
export const declaration = defineNode({
  type: 'ysh-aneel-fetch',
  category: 'ysh',
  color: '#8FC3B5',
  icon: 'ysh-aneel-fetch.svg',
  inputs: 1,
  outputs: ['published', 'unchanged'],
  config: FetchConfigSchema,
  references: { stores: { type: 'ysh-stores' }, portal: { type: 'ysh-aneel-portal' } },
  limits: { concurrency: 1, queueLimit: 100, timeoutSeconds: 14_400 },
  labelFrom: 'dataset',
  form: [
    { field: 'dataset', icon: 'table', widget: 'custom:dataset' },
    { field: 'parts', icon: 'calendar' },
    { field: 'mode', icon: 'refresh' },
    { field: 'whenAllFail', icon: 'life-ring', when: { field: 'mode', is: ['incremental', 'full'] } },
    { field: 'stores', icon: 'database' },
    { field: 'portal', icon: 'globe' },
    {
      section: 'more',
      fields: [
        { field: 'format', icon: 'file-o' },
        { field: 'archive', icon: 'archive' },
        { field: 'keepPersonal', icon: 'user-o' },
      ],
    },
  ],
  messages: { input: FetchInputSchema, output: FetchOutputSchema },
  texts: [
    'status.published',
    'status.unchanged',
    'status.backup',
    'status.cache',
    'list.contract',
    'list.count',
    'list.none',
    'list.unknown',
    'list.loading',
    'list.failed',
    'list.withoutPortal',
    'list.portalSilent',
    'list.cadence.daily',
    'list.cadence.weekly',
    'list.cadence.monthly',
    'list.cadence.yearly',
  ],
})
