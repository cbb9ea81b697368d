import { ApiCacheConfigSchema, ApiCacheInputSchema } from '../../lib/steps/api-cache/step.ts'
import { defineNode } from '../kit/declaration.ts'

/** Renews what the cache holds of datasets. */
export const declaration = defineNode({
  type: 'ysh-api-cache',
  category: 'ysh',
  color: '#8FC3B5',
  icon: 'ysh-api-cache.svg',
  inputs: 1,
  outputs: ['renewed'],
  config: ApiCacheConfigSchema,
  references: { stores: { type: 'ysh-stores' } },
  limits: { concurrency: 1, queueLimit: 100, timeoutSeconds: 900 },
  form: [
    { field: 'datasets' },
    { field: 'keepHours', icon: 'clock-o' },
    { field: 'warm', icon: 'fire' },
    { field: 'stores', icon: 'database' },
  ],
  messages: { input: ApiCacheInputSchema, output: null },
  texts: ['status.renewed'],
})
