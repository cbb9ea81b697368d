import ipaddr from 'ipaddr.js'
import { PipelineError } from '../../errors.ts'
import { within } from '../../net/guard.ts'
import { addressOf } from '../../net/loopback.ts'

/** Whose `X-Forwarded-For` is believed. */
export type Proxies = (address: string) => boolean

/** Reads a list of addresses and ranges. Throws CONFIG for an entry that is neither. */
export function parseProxies(entries: readonly string[]): Proxies {
  const ranges = entries.map((entry) => {
    try {
      return ipaddr.parseCIDR(entry.includes('/') ? entry : `${entry}/${entry.includes(':') ? 128 : 32}`)
    } catch (cause) {
      const words = `"${entry}" is no address and no range, such as 10.0.0.5 or 10.0.0.0/8`
      throw new PipelineError('CONFIG', words, { cause })
    }
  })
  return (text) => {
    const address = addressOf(text)
    return address !== undefined && ranges.some((range) => within(address, range))
  }
}

/**
 * The address of who asks: the connection's, or, behind proxies that are believed, the last one in `X-Forwarded-For` that is none of them.
 * What cannot be read there is not believed.
 */
export function callerAddress(peer: string, forwarded: string | undefined, proxies: Proxies): string {
  let address = plain(peer)
  if (forwarded === undefined) return address
  const hops = forwarded.split(',').map((hop) => hop.trim())
  while (proxies(address)) {
    const hop = hops.pop()
    if (hop === undefined || addressOf(hop) === undefined) return address
    address = plain(hop)
  }
  return address
}

/** An address as it is counted by: an IPv4 one in IPv6 as itself, of IPv6 the network of 64 bits, in which one has all of them. */
export function networkOf(text: string): string {
  const address = addressOf(text)
  if (address === undefined || address.kind() === 'ipv4') return plain(text)
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${text.replace(/%.*/, '')}/64`).toString()}/64`
}

function plain(text: string): string {
  return addressOf(text)?.toString() ?? text
}
