import { coerce } from '../../lib/coerce.ts'
import { PipelineError } from '../../lib/errors.ts'
import { parser, Type } from '../../lib/schema.ts'
import { testMailServer } from '../../lib/steps/notify/mail.ts'
import { MailServerSchema } from '../../lib/steps/notify/schema.ts'
import { answer, bodyOf, filledIn } from '../kit/admin.ts'
import type { Red } from '../kit/red.ts'
import { deployedConfig } from '../kit/references.ts'

const answering = {
  patienceMs: 70_000,
  statuses: {
    CONFIG: 400,
    MAIL_AUTH: 502,
    MAIL_TLS: 502,
    MAIL_UNREACHABLE: 502,
    MAIL_DEFERRED: 502,
    MAIL_REFUSED: 502,
  },
}
/** What the editor shows for a password that it does not know. */
const unchanged = '__PWRD__'

const RequestSchema = Type.Object(
  {
    node: Type.String({ maxLength: 100 }),
    user: Type.String({ maxLength: 300 }),
    password: Type.String({ maxLength: 1_000 }),
    ...MailServerSchema.properties,
  },
  { additionalProperties: false },
)
const requests = parser(RequestSchema, 'The settings', 'CONFIG')

/**
 * `POST ysh/mail/test` with the settings of the form: connects and logs in, and sends nothing. A password that the editor does not know is
 * the deployed node's, for its own server only.
 */
export function registerMailEndpoint(red: Red): void {
  const { httpAdmin, auth } = red
  httpAdmin.post('/ysh/mail/test', auth.needsPermission('flows.write'), (request, response) =>
    answer(response, answering, async (signal) => {
      const body = bodyOf(request)
      const form = filledIn(red, body.node, body)
      // a password keeps its blanks
      const settings = { ...coerce(RequestSchema, form), password: form.password }
      const { node, user, password, ...server } = requests.parse(settings)
      const known = password === unchanged ? savedPassword(red, node, server.host) : password
      await testMailServer(server, { user, password: known }, signal)
      return { connected: true }
    }),
  )
}

function savedPassword(red: Red, node: string, host: string): string {
  const config = deployedConfig(red, node, 'ysh-mail')
  if (config?.host !== host) {
    throw new PipelineError('CONFIG', 'The saved password is for another server, or not deployed yet: type it again')
  }
  return red.nodes.getNode(node)?.credentials?.password ?? ''
}
