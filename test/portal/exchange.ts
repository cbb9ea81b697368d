import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { type Body, bytesBody, sendBody } from './download.ts'
import type { Misbehaviour } from './misbehave.ts'

/** A request as it arrived and was answered. */
export interface Logged {
  method: string
  /** Path and query. */
  path: string
  /** 0 when the connection was dropped before an answer, or none was given yet. */
  status: number
  headers: IncomingHttpHeaders
  /** The kind of the rule that spoilt the answer. */
  misbehaviour?: string
}

export const JSON_TYPE = { 'content-type': 'application/json;charset=utf-8' }
export const HTML_TYPE = { 'content-type': 'text/html; charset=utf-8' }

/** A page with a title: what stands behind the portal's error codes. */
export function page(title: string): Buffer {
  return Buffer.from(
    `<!DOCTYPE html>\n<html lang="pt-BR">\n<head><title>${title}</title></head>\n<body><h1>${title}</h1></body>\n</html>\n`,
  )
}

/** One request and its answer, with the line in the log that goes with them. */
export class Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly logged: Logged
  readonly url: URL

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request
    this.response = response
    const path = request.url ?? '/'
    this.logged = { method: request.method ?? '', path, status: 0, headers: request.headers }
    this.url = new URL(path, 'http://replica')
  }

  /** The status line and headers; the log has the status before the client has. */
  head(status: number, headers: Record<string, string>): void {
    this.logged.status = status
    this.response.writeHead(status, headers)
  }

  /** A body, spoilt by `rule` when there is one. */
  async send(body: Body, rule?: Misbehaviour): Promise<void> {
    if (rule !== undefined) this.logged.misbehaviour = rule.kind
    await sendBody(this, body, rule)
  }

  /** Bytes as a body. */
  async bytes(status: number, headers: Record<string, string>, bytes: Buffer, rule?: Misbehaviour): Promise<void> {
    await this.send(bytesBody(status, headers, bytes), rule)
  }

  /** No body. */
  empty(status: number, headers: Record<string, string>): void {
    this.head(status, headers)
    this.response.end()
  }
}
