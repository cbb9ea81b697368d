import { IndexConfigSchema, IndexInputSchema, IndexOutputSchema } from '../../lib/steps/vector/index-schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** Brings documents into a collection that can be searched. */
export const declaration = defineNode({
  type: 'ysh-vector-index',
  category: 'ysh',
  color: '#D3AFBC',
  icon: 'ysh-vector-index.svg',
  inputs: 1,
  outputs: ['indexed', 'unchanged'],
  config: IndexConfigSchema,
  references: { stores: { type: 'ysh-stores' }, ollama: { type: 'ysh-ollama', required: false } },
  limits: { concurrency: 1, queueLimit: 1_000, timeoutSeconds: 14_400 },
  labelFrom: 'collection',
  form: [
    { field: 'collection', icon: 'archive' },
    { field: 'stores', icon: 'database' },
    { field: 'embedder', icon: 'cube' },
    { field: 'ollama', icon: 'server', when: { field: 'embedder', is: ['ollama'] } },
    { field: 'model', icon: 'cubes', when: { field: 'embedder', is: ['ollama'] } },
    { field: 'facets', icon: 'filter' },
    {
      section: 'more',
      fields: [
        { field: 'again', icon: 'refresh' },
        { field: 'targetCharacters', icon: 'arrows-h' },
        { field: 'mostCharacters', icon: 'arrows-h' },
      ],
    },
  ],
  messages: { input: IndexInputSchema, output: IndexOutputSchema },
  texts: ['status.indexed', 'status.removed', 'status.unchanged', 'status.empty'],
})
