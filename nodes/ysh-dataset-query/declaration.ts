import { QueryConfigSchema, QueryInputSchema, QueryOutputSchema } from '../../lib/steps/dataset/query/schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** Reads rows of a dataset. */
export const declaration = defineNode({
  type: 'ysh-dataset-query',
  category: 'ysh',
  color: '#8FC3B5',
  icon: 'ysh-dataset-query.svg',
  inputs: 1,
  outputs: ['rows', 'end'],
  config: QueryConfigSchema,
  references: { stores: { type: 'ysh-stores' } },
  limits: { concurrency: 1, queueLimit: 100, timeoutSeconds: 0 },
  labelFrom: 'dataset',
  form: [
    { field: 'dataset', icon: 'database' },
    { field: 'columns' },
    { field: 'where' },
    { field: 'order' },
    { field: 'asOf', icon: 'history' },
    { field: 'limit' },
    { field: 'batch', icon: 'th-list' },
    { field: 'numbers', icon: 'calculator' },
    { field: 'stores', icon: 'database' },
    { section: 'patience', fields: [{ field: 'patienceSeconds', icon: 'hourglass-o' }] },
  ],
  messages: { input: QueryInputSchema, output: QueryOutputSchema },
  texts: ['status.read'],
})
