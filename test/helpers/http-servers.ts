import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** HTTP servers of a test on 127.0.0.1. */
export class HttpServers {
  readonly #servers: (Server | TlsServer)[] = []

  /** Starts one; resolves with its origin. */
  async serve(listener: RequestListener): Promise<string> {
    return `http://127.0.0.1:${await this.listen(createServer(listener))}`
  }

  /** Has a server listen on a free port, or on one of its own choice; resolves with the port. */
  async listen(server: Server | TlsServer, host = '127.0.0.1', port = 0): Promise<number> {
    this.#servers.push(server)
    server.listen(port, host)
    await once(server, 'listening')
    return portOf(server.address())
  }

  /** Ends them all. */
  async close(): Promise<void> {
    for (const server of this.#servers.splice(0)) {
      if (!server.listening) continue
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}

function portOf(address: string | AddressInfo | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0
}
