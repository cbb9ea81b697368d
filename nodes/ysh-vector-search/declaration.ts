import { SearchConfigSchema, SearchInputSchema, SearchOutputSchema } from '../../lib/steps/vector/search-schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** Searches a collection, with citations. */
export const declaration = defineNode({
  type: 'ysh-vector-search',
  category: 'ysh',
  color: '#D3AFBC',
  icon: 'ysh-vector-search.svg',
  inputs: 1,
  outputs: ['found', 'nothing'],
  config: SearchConfigSchema,
  references: { stores: { type: 'ysh-stores' }, ollama: { type: 'ysh-ollama', required: false } },
  limits: { concurrency: 4, queueLimit: 1_000, timeoutSeconds: 120 },
  labelFrom: 'collection',
  form: [
    { field: 'collection', icon: 'archive' },
    { field: 'stores', icon: 'database' },
    { field: 'ollama', icon: 'server' },
    { field: 'mode', icon: 'search' },
    { field: 'limit', icon: 'list-ol' },
    { field: 'filter', icon: 'filter' },
    {
      section: 'more',
      fields: [
        { field: 'whenAway', icon: 'life-ring' },
        { field: 'contextCharacters', icon: 'file-text-o' },
      ],
    },
  ],
  messages: { input: SearchInputSchema, output: SearchOutputSchema },
  texts: ['status.found', 'status.nothing', 'status.degraded'],
})
