import { EnrichConfigSchema, EnrichInputSchema, EnrichOutputSchema } from '../../lib/steps/enrich/step-schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** Has a language model work on documents, and takes only what agrees with them. */
export const declaration = defineNode({
  type: 'ysh-ollama-enrich',
  category: 'ysh',
  color: '#B5A7D6',
  icon: 'ysh-ollama-enrich.svg',
  inputs: 1,
  outputs: ['done', 'late'],
  config: EnrichConfigSchema,
  references: { stores: { type: 'ysh-stores' }, ollama: { type: 'ysh-ollama' } },
  limits: { concurrency: 2, queueLimit: 1_000, timeoutSeconds: 14_400 },
  labelFrom: 'task',
  form: [
    { field: 'task', icon: 'magic' },
    { field: 'words', icon: 'text-width', when: { field: 'task', is: ['summarise', 'describe'] } },
    { field: 'language', icon: 'language', when: { field: 'task', is: ['summarise', 'describe', 'prompt'] } },
    { field: 'labels', icon: 'tags', widget: 'textarea', when: { field: 'task', is: ['classify'] } },
    { field: 'several', icon: 'check-square-o', when: { field: 'task', is: ['classify'] } },
    { field: 'prompt', icon: 'commenting-o', widget: 'textarea', when: { field: 'task', is: ['prompt'] } },
    { field: 'schema', icon: 'list-alt', widget: 'textarea', when: { field: 'task', is: ['extract', 'prompt'] } },
    { field: 'direction', icon: 'exchange', when: { field: 'task', is: ['translate'] } },
    { field: 'picture', icon: 'picture-o', when: { field: 'task', is: ['describe'] } },
    { field: 'ollama', icon: 'server' },
    { field: 'model', icon: 'cube' },
    { field: 'stores', icon: 'database' },
    { field: 'again', icon: 'refresh' },
    {
      section: 'away',
      fields: [
        { field: 'whenAway', icon: 'plug' },
        { field: 'lookSeconds', icon: 'clock-o', when: { field: 'whenAway', is: ['defer'] } },
      ],
    },
    {
      section: 'documents',
      fields: [
        { field: 'contextTokens', icon: 'arrows-h' },
        { field: 'answerTokens', icon: 'comment-o' },
        { field: 'maxParts', icon: 'files-o' },
        { field: 'whenPartFails', icon: 'puzzle-piece' },
      ],
    },
  ],
  messages: { input: EnrichInputSchema, output: EnrichOutputSchema },
  texts: ['status.enriched', 'status.cached', 'status.rejected', 'status.deferred', 'status.late', 'status.failed'],
})
