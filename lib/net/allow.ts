import ipaddr from 'ipaddr.js'
import { PipelineError } from '../errors.ts'
import { parseAddress, within } from './guard.ts'

/** Where a connection goes. */
export interface Destination {
  /** The name or address that was asked for, without brackets. */
  host: string
  port: number
  /** The address that it leads to. */
  address: string
}

/** Whether a connection that the guard would refuse was allowed by hand. */
export type Allowed = (to: Destination) => boolean

/**
 * Reads an allow-list. An entry is a host name or an address, each also with a port (`portal.internal:8080`, `10.0.0.5:80`,
 * `[fd00::5]:80`), or a range of addresses (`10.1.0.0/16`). A name allows whatever it leads to. Throws CONFIG for the first entry
 * that is none of these.
 */
export function parseAllowed(entries: readonly string[]): Allowed {
  const rules = entries.map(rule)
  return (to) => rules.some((allows) => allows(to))
}

function rule(entry: string): Allowed {
  const text = entry.trim().toLowerCase()
  if (text.includes('/')) return rangeRule(text)
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text)
  const plain = parseAddress(text) === undefined ? /^([^:]+)(?::(\d+))?$/.exec(text) : [text, text, undefined]
  const [, host = '', digits] = bracketed ?? plain ?? []
  const port = digits === undefined ? undefined : Number(digits)
  if (port !== undefined && (port < 1 || port > 65_535)) throw invalid(entry)
  const address = parseAddress(host)
  if (address !== undefined && !host.includes('%')) {
    if (bracketed !== null && address.kind() !== 'ipv6') throw invalid(entry)
    const whole: [typeof address, number] = [address, address.kind() === 'ipv4' ? 32 : 128]
    return (to) => samePort(port, to) && inRange(to.address, whole)
  }
  if (bracketed !== null || !isName(host)) throw invalid(entry)
  return (to) => samePort(port, to) && to.host.toLowerCase().replace(/\.$/, '') === host
}

/** A name as it stands in a URL: with IDN written out (`xn--`), and none that a URL would take for a number. */
function isName(text: string): boolean {
  return (
    /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(text) &&
    URL.parse(`http://${text}/`)?.hostname === text &&
    !/^[\d.]+$/.test(text)
  )
}

function rangeRule(text: string): Allowed {
  const [start = '', bits = ''] = text.split('/')
  if (parseAddress(start) === undefined || start.includes('%') || !/^\d+$/.test(bits)) throw invalid(text)
  let range: ReturnType<typeof ipaddr.parseCIDR>
  try {
    range = ipaddr.parseCIDR(text)
  } catch {
    throw invalid(text)
  }
  return (to) => inRange(to.address, range)
}

function inRange(text: string, range: ReturnType<typeof ipaddr.parseCIDR>): boolean {
  const address = parseAddress(text)
  return address !== undefined && within(address, range)
}

function samePort(port: number | undefined, to: Destination): boolean {
  return port === undefined || port === to.port
}

function invalid(entry: string): PipelineError {
  return new PipelineError(
    'CONFIG',
    `"${entry.slice(0, 100)}" is no address to allow: a host name (portal.internal), an address (10.0.0.5, fd00::5), either with a port ` +
      '(10.0.0.5:8080, [fd00::5]:8080), or a range (10.1.0.0/16) is expected',
  )
}
