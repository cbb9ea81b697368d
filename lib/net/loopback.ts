import ipaddr from 'ipaddr.js'
import { parseAddress } from './guard.ts'

/** An address in its usual notation, of IPv4 in IPv6 the one inside; undefined for anything else. */
export function addressOf(text: string): ReturnType<typeof parseAddress> {
  const address = parseAddress(text)
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}

/** Whether an address is this machine's own. */
export function isLoopback(text: string): boolean {
  return addressOf(text)?.range() === 'loopback'
}
