import { PipelineError } from '../../lib/errors.ts'
import { registerNode } from '../kit/node.ts'
import type { Red } from '../kit/red.ts'
import { registerMailEndpoint } from './admin.ts'
import { declaration } from './declaration.ts'
import { MailService } from './mail-service.ts'

/** An SMTP server's settings; the nodes that point here send through it. */
export default function (red: Red): void {
  registerNode(red, declaration, ({ config, credentials }) => {
    if (config.host === '' || config.from === '') {
      throw new PipelineError('CONFIG', 'The mail server needs a name, and the sender an address')
    }
    const { user = '', password = '' } = credentials
    return { service: new MailService(config, { user, password }) }
  })
  registerMailEndpoint(red)
}
