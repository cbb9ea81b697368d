import { OllamaSchema } from '../../lib/models/ollama-config.ts'
import { defineNode } from '../kit/declaration.ts'

/** A server of language models. */
export const declaration = defineNode({
  type: 'ysh-ollama',
  category: 'config',
  config: OllamaSchema,
  credentials: { token: { type: 'password' } },
  labelFrom: 'url',
  form: [
    { field: 'url', icon: 'server' },
    { field: 'token' },
    { field: 'keepAlive', icon: 'clock-o', widget: 'custom:test' },
    { field: 'concurrency', icon: 'random' },
    { field: 'pull', icon: 'download' },
    {
      section: 'patience',
      fields: [
        { field: 'connectTimeoutMs', icon: 'plug' },
        { field: 'idleTimeoutMs', icon: 'pause' },
        { field: 'totalTimeoutMs', icon: 'hourglass' },
      ],
    },
  ],
  texts: ['list.test', 'list.testing', 'list.failed', 'list.found', 'list.models', 'list.noModels'],
})
