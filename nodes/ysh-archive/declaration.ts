import { ArchiveConfigSchema, ArchiveInputSchema, ArchiveOutputSchema } from '../../lib/steps/archive/step-schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** Puts files into an archive, and asks for them back. */
export const declaration = defineNode({
  type: 'ysh-archive',
  category: 'ysh',
  color: '#B8C4A4',
  icon: 'ysh-archive.svg',
  inputs: 1,
  outputs: ['done', 'waiting'],
  config: ArchiveConfigSchema,
  references: { stores: { type: 'ysh-stores' } },
  credentials: { accessKeyId: { type: 'text' }, secretAccessKey: { type: 'password' } },
  limits: { concurrency: 1, queueLimit: 1_000, timeoutSeconds: 7_200 },
  labelFrom: 'action',
  form: [
    { field: 'action', icon: 'archive' },
    { field: 'stores', icon: 'database' },
    { field: 'folder', icon: 'folder-open-o' },
    { field: 'bucket', icon: 'cloud' },
    { field: 'storageClass', icon: 'snowflake-o' },
    { field: 'removeLocal', icon: 'eraser' },
    {
      section: 's3',
      fields: [
        { field: 'prefix', icon: 'folder-o' },
        { field: 'region', icon: 'globe' },
        { field: 'endpoint', icon: 'server' },
        { field: 'accessKeyId', icon: 'user' },
        { field: 'secretAccessKey' },
        { field: 'rule', icon: 'calendar-check-o' },
        { field: 'ruleDays', icon: 'clock-o' },
      ],
    },
    {
      section: 'restore',
      fields: [
        { field: 'restoreDays', icon: 'calendar' },
        { field: 'tier', icon: 'tachometer' },
        { field: 'bringBack', icon: 'reply' },
      ],
    },
  ],
  messages: { input: ArchiveInputSchema, output: ArchiveOutputSchema },
  texts: ['status.archived', 'status.unchanged', 'status.restored', 'status.waiting'],
})
