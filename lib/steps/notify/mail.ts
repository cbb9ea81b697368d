import { PipelineError } from '../../errors.ts'
import { plainCause, Secrets } from '../../net/redact.ts'
import { getArtifact } from '../../stores/objects/artifacts.ts'
import type { Channel, Delivery } from './channel.ts'
import { revealed } from './revealed.ts'
import type { Content, MailServer, Note } from './schema.ts'

/** Who says that he is the sender; secrets may be references. Blank sends without a login. */
export interface MailLogin {
  user: string
  password: string
}

/** Bytes of all attachments of a message. */
const maxAttachmentBytes = 10 << 20

/**
 * E-mail by SMTP, each message on a connection of its own. The Message-ID is made of the note's id, so that a message that was sent twice
 * (the process died before it could note the first time) is one to the reader's mailbox.
 */
export function mailChannel(server: MailServer, login: MailLogin): Channel {
  return {
    name: 'mail',
    atOnce: 2,
    timeoutMs: server.timeoutMs * 3,
    async send(note, content, delivery) {
      const attachments = await attachmentsOf(note, delivery)
      await through(server, login, delivery.signal, (transport) =>
        transport.sendMail(messageOf(server, note, content, attachments)),
      )
    },
  }
}

/** Connects and logs in, without sending. Throws MAIL_*. */
export async function testMailServer(server: MailServer, login: MailLogin, signal: AbortSignal): Promise<void> {
  await through(server, login, signal, (transport) => transport.verify())
}

type Transport = Awaited<ReturnType<typeof transportOf>>

/** The library is loaded for the first message. */
async function transportOf({ host, port, security, timeoutMs }: MailServer, { user, password }: MailLogin) {
  const { createTransport } = await import('nodemailer')
  return createTransport({
    ...{ host, port, secure: security === 'tls', requireTLS: security === 'starttls', ignoreTLS: security === 'none' },
    ...(user === '' ? {} : { auth: { user, pass: password } }),
    ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs, dnsTimeout: timeoutMs },
    // nothing that a message says may make us read files or addresses
    ...{ disableFileAccess: true, disableUrlAccess: true },
  })
}

async function through<T>(
  server: MailServer,
  login: MailLogin,
  signal: AbortSignal,
  work: (transport: Transport) => Promise<T>,
): Promise<T> {
  if (server.host === '') throw new PipelineError('CONFIG', 'The SMTP server has no name')
  const found = await revealed({ ...login }, signal)
  const secrets = new Secrets()
  secrets.word(found.password, found.user)
  const transport = await transportOf(server, found)
  if (signal.aborted) throw PipelineError.from(signal.reason, 'STOPPED')
  const stop = () => transport.close()
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await work(transport)
  } catch (thrown) {
    if (signal.aborted) throw PipelineError.from(signal.reason, 'STOPPED')
    throw mailError(thrown, server, secrets.clean)
  } finally {
    signal.removeEventListener('abort', stop)
    transport.close()
  }
}

function messageOf(server: MailServer, note: Note, { text, html }: Content, attachments: Attachment[]) {
  const domain = server.from.split('@')[1] ?? 'localhost'
  return {
    from: { name: server.fromName, address: server.from },
    to: { name: '', address: note.recipient },
    // the envelope is said apart, so that no header can add to it
    envelope: { from: server.from, to: [note.recipient] },
    subject: note.subject,
    messageId: `<${note.id}@${domain}>`,
    date: new Date(note.at),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-YSH-Run': note.run },
    text,
    ...(html === undefined ? {} : { html }),
    attachments,
  }
}

interface Attachment {
  filename: string
  content: Buffer
  contentType?: string
}

/** Reads the attachments. Throws MAIL_ATTACHMENTS when they are too large or not there any more. */
async function attachmentsOf({ attachments }: Note, { stores, signal }: Delivery): Promise<Attachment[]> {
  let left = maxAttachmentBytes
  const read: Attachment[] = []
  for (const { name, artifact, contentType } of attachments) {
    const { info, body } = await getArtifact(stores.objects, artifact, { signal })
    left -= info.bytes
    if (left < 0) {
      body.destroy()
      throw new PipelineError(
        'MAIL_ATTACHMENTS',
        `The attachments are larger than ${maxAttachmentBytes >> 20} MiB together`,
      )
    }
    const chunks: Buffer[] = []
    for await (const chunk of body) chunks.push(Buffer.from(chunk))
    read.push({
      filename: name,
      content: Buffer.concat(chunks),
      ...(contentType === undefined ? {} : { contentType }),
    })
  }
  return read
}

/**
 * An error of nodemailer in our words. Only what the server says of this message (5xx about sender, recipient or content) is final; a wrong
 * password or certificate can be mended while the message waits. Servers repeat what they were told: `clean` takes the password out.
 */
function mailError(thrown: unknown, { host, port }: MailServer, clean: (text: string) => string): PipelineError {
  const { code, responseCode, response } = facts(thrown)
  const said =
    response === undefined
      ? ''
      : `: ${clean(response)
          .replaceAll(/\p{Cc}+/gu, ' ')
          .slice(0, 300)}`
  const place = `${host}:${port}`
  const options = { cause: plainCause(thrown, clean), details: { smtp: responseCode ?? null } }
  if (code === 'EAUTH' || code === 'ENOAUTH' || responseCode === 530 || responseCode === 535) {
    return new PipelineError('MAIL_AUTH', `${place} does not accept user and password${said}`, {
      ...options,
      retryable: true,
    })
  }
  if (code === 'ETLS' || code === 'EREQUIRETLS' || isCertificate(thrown)) {
    return new PipelineError('MAIL_TLS', `No safe connection to ${place}: ${clean(words(thrown))}`, {
      ...options,
      retryable: true,
    })
  }
  if (responseCode !== undefined && responseCode >= 500) {
    return new PipelineError('MAIL_REFUSED', `${place} refuses the message${said}`, options)
  }
  if (responseCode !== undefined && responseCode >= 400) {
    return new PipelineError('MAIL_DEFERRED', `${place} wants the message later${said}`, {
      ...options,
      retryable: true,
    })
  }
  return new PipelineError('MAIL_UNREACHABLE', `${place} cannot be reached: ${clean(words(thrown))}`, {
    ...options,
    retryable: true,
  })
}

function words(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).slice(0, 300)
}

function isCertificate(thrown: unknown): boolean {
  return /certificate|self-signed|altnames|SSL routines/i.test(words(thrown))
}

function facts(thrown: unknown): { code?: string; responseCode?: number; response?: string } {
  if (typeof thrown !== 'object' || thrown === null) return {}
  const { code, responseCode, response }: { code?: unknown; responseCode?: unknown; response?: unknown } = thrown
  return {
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof responseCode === 'number' ? { responseCode } : {}),
    ...(typeof response === 'string' ? { response } : {}),
  }
}
