import type { MailLogin } from '../../lib/steps/notify/mail.ts'
import type { MailServer } from '../../lib/steps/notify/schema.ts'

/** What `ysh-mail` offers to nodes: the server, and the login, which is in no config. */
export class MailService {
  readonly server: MailServer
  readonly login: MailLogin

  constructor(server: MailServer, login: MailLogin) {
    this.server = server
    this.login = login
  }
}
