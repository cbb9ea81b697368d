import { NotifyConfigSchema, NotifyInputSchema } from '../../lib/steps/notify/schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** Tells somebody. */
export const declaration = defineNode({
  type: 'ysh-notify',
  category: 'ysh',
  color: '#A9BEDC',
  icon: 'ysh-notify.svg',
  inputs: 1,
  outputs: ['queued'],
  config: NotifyConfigSchema,
  references: { stores: { type: 'ysh-stores' }, mail: { type: 'ysh-mail', required: false } },
  credentials: {
    webhookSecret: { type: 'password' },
    snsAccessKeyId: { type: 'text' },
    snsSecretAccessKey: { type: 'password' },
    snsEndpoint: { type: 'text' },
    subscriberToken: { type: 'password' },
  },
  limits: { concurrency: 1, queueLimit: 100, timeoutSeconds: 120 },
  form: [
    { field: 'content', icon: 'file-text-o' },
    { field: 'language', icon: 'language' },
    { field: 'subject', icon: 'tag' },
    { field: 'mail', icon: 'envelope-o' },
    { field: 'to' },
    { field: 'webhooks' },
    { field: 'webhookSecret' },
    { field: 'stores', icon: 'database' },
    {
      section: 'subscribers',
      fields: [
        { field: 'subscribers', icon: 'rss' },
        { field: 'subscriberToken', when: { field: 'subscribers', is: [true] } },
      ],
    },
    {
      section: 'sns',
      fields: [
        { field: 'snsTopic', icon: 'cloud' },
        { field: 'snsAccessKeyId', icon: 'user' },
        { field: 'snsSecretAccessKey' },
        { field: 'snsEndpoint', icon: 'globe' },
      ],
    },
    { section: 'patience', fields: [{ field: 'giveUpHours', icon: 'hourglass-o' }] },
  ],
  messages: { input: NotifyInputSchema, output: null },
  texts: ['status.queued'],
})
