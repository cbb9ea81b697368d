import { MailServerSchema } from '../../lib/steps/notify/schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** An SMTP server and who writes. */
export const declaration = defineNode({
  type: 'ysh-mail',
  category: 'config',
  config: MailServerSchema,
  credentials: { user: { type: 'text' }, password: { type: 'password' } },
  labelFrom: 'host',
  form: [
    { field: 'host', icon: 'server' },
    { field: 'security', icon: 'lock' },
    { field: 'port', icon: 'plug' },
    { field: 'user', icon: 'user' },
    { field: 'password' },
    { field: 'from', icon: 'envelope-o', widget: 'custom:test' },
    { field: 'fromName', icon: 'id-card-o' },
    { section: 'patience', fields: [{ field: 'timeoutMs', icon: 'hourglass-o' }] },
  ],
  texts: ['list.test', 'list.testing', 'list.good', 'list.failed'],
})
