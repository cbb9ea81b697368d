import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

/** A message that the SMTP server took. */
export interface Received {
  from: string
  to: string[]
  /** Headers and body as they came. */
  raw: string
  /** Lower-case names; folded lines joined. */
  headers: Map<string, string>
}

/** A real SMTP server on loopback. */
export interface MailReceiver {
  port: number
  got: Received[]
  /** What it answers to a recipient: undefined takes it. */
  refuse: ((to: string) => { code: number; text: string } | undefined) | undefined
  close(): Promise<void>
}

/** Starts one; `port` 0 is any. */
export async function startMail(options: SMTPServerOptions = {}, port = 0): Promise<MailReceiver> {
  const got: Received[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    ...options,
    onRcptTo({ address }, _session, callback) {
      const no = receiver.refuse?.(address)
      if (no === undefined) callback()
      else callback(Object.assign(new Error(no.text), { responseCode: no.code }))
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString('utf8')
        const { mailFrom, rcptTo } = session.envelope
        got.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw,
          headers: headersOf(raw),
        })
        callback()
      })
    },
  })
  server.on('error', () => {}) // a client that was killed
  const listening = server.listen(port, '127.0.0.1')
  await once(listening, 'listening')
  const receiver: MailReceiver = {
    port: portOf(listening.address()),
    got,
    refuse: undefined,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
  return receiver
}

function headersOf(raw: string): Map<string, string> {
  const head = raw.slice(0, raw.indexOf('\r\n\r\n')).replaceAll(/\r\n[ \t]+/g, ' ')
  return new Map(
    head.split('\r\n').map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
}

/** A header as a person reads it: encoded words (RFC 2047) decoded. */
export function readHeader(header: string): string {
  return header
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([qb])\?([^?]*)\?=/gi, (_, way: string, word: string) =>
      way.toLowerCase() === 'b'
        ? Buffer.from(word, 'base64').toString('utf8')
        : decodeURIComponent(word.replaceAll('_', ' ').replaceAll('%', '%25').replaceAll('=', '%')),
    )
}

/** Subject and text of a message of one part, as a person reads them. */
export function readMail({ raw, headers }: Received): string {
  const body = raw.slice(raw.indexOf('\r\n\r\n') + 4)
  const way = headers.get('content-transfer-encoding')
  const quoted = () =>
    decodeURIComponent(
      body
        .replaceAll('=\r\n', '')
        .replaceAll('%', '%25')
        .replaceAll(/=([0-9A-F]{2})/g, '%$1'),
    )
  const text =
    way === 'base64' ? Buffer.from(body, 'base64').toString('utf8') : way === 'quoted-printable' ? quoted() : body
  return `${readHeader(headers.get('subject') ?? '')}\n${text}`
}

/** A request that the HTTP server took. */
export interface Posted {
  url: string
  headers: IncomingHttpHeaders
  body: string
}

/** An HTTP server on loopback that takes POSTs. */
export interface HookReceiver {
  url: string
  got: Posted[]
  /** Status that it answers; default 204. `undefined` never answers. */
  status: (posted: Posted) => number | undefined
  close(): Promise<void>
}

/** Starts one. */
export async function startHook(port = 0): Promise<HookReceiver> {
  const got: Posted[] = []
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const posted = { url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString('utf8') }
      got.push(posted)
      const status = receiver.status(posted)
      if (status === undefined) return
      if (status >= 300 && status < 400) response.setHeader('location', '/elsewhere')
      response.writeHead(status).end()
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const receiver: HookReceiver = {
    url: `http://127.0.0.1:${portOf(server.address())}/hook`,
    got,
    status: () => 204,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return receiver
}

function portOf(address: string | AddressInfo | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0
}
