import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Red } from './red.ts'

/** Takes a connection over that wants to become something else, such as a WebSocket. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/**
 * Has upgrades on Node-RED's own server come to a handler when their path, below `httpNodeRoot`, is one of its own; others have theirs on the
 * same server and are left alone. Returns how to take it back.
 */
export function onUpgrade(
  red: Pick<Red, 'server' | 'settings'>,
  mine: (path: string) => boolean,
  handler: UpgradeHandler,
): () => void {
  const root = nodeRoot(red)
  const listener: UpgradeHandler = (request, socket, head) => {
    const path = URL.parse(request.url ?? '', 'http://localhost')?.pathname ?? ''
    if (path.startsWith(root) && mine(`/${path.slice(root.length)}`)) handler(request, socket, head)
  }
  red.server.on('upgrade', listener)
  return () => red.server.off('upgrade', listener)
}

/** Where the flows' own addresses begin, with a slash at both ends. */
export function nodeRoot({ settings }: Pick<Red, 'settings'>): string {
  const root = typeof settings.httpNodeRoot === 'string' ? settings.httpNodeRoot : '/'
  return `/${root}/`.replaceAll(/\/+/g, '/')
}
