import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Range = [Address, number]

/**
 * What is not a globally reachable unicast address, by the name that users read: IANA's registries of special-purpose addresses, and
 * what clouds use. The first match counts. IPv6 addresses that carry an IPv4 one are refused as such, whatever they carry.
 */
const special: readonly (readonly [string, readonly Range[]])[] = (
  [
    // 168.63.129.16 is public by number, and Azure's platform by meaning
    ['cloud metadata', ['169.254.169.254/32', '169.254.170.0/24', '168.63.129.16/32', '100.100.100.200/32']],
    ['cloud metadata', ['192.0.0.192/32', 'fd00:ec2::/32', 'fd20:ce::254/128']],
    ['unspecified', ['0.0.0.0/8', '::/128']],
    ['loopback', ['127.0.0.0/8', '::1/128']],
    ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10']],
    ['carrier-grade NAT', ['100.64.0.0/10']],
    ['link-local', ['169.254.0.0/16', 'fe80::/10']],
    ['documentation', ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20']],
    ['benchmarking', ['198.18.0.0/15', '2001:2::/48']],
    ['broadcast', ['255.255.255.255/32']],
    ['multicast', ['224.0.0.0/4', 'ff00::/8']],
    ['IPv4-mapped', ['::ffff:0:0/96']],
    ['IPv4-translated', ['::ffff:0:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48']],
    ['IPv4-compatible', ['::/96']],
    ['6to4', ['2002::/16', '192.88.99.0/24']],
    ['Teredo', ['2001::/32']],
    ['reserved', ['192.0.0.0/24', '192.31.196.0/24', '192.52.193.0/24', '192.175.48.0/24', '240.0.0.0/4']],
    ['reserved', ['2001::/23', '2620:4f:8000::/48']],
  ] as const
).map(([name, ranges]) => [name, ranges.map((range) => ipaddr.parseCIDR(range))])

/** All of IPv6 that is given out for the internet; the rest is reserved. */
const globalV6 = ipaddr.parseCIDR('2000::/3')

/**
 * Why an address is not for the internet ("loopback", "private", "cloud metadata"), or undefined for a globally reachable unicast
 * address. What cannot be read as an address is "not an address".
 */
export function guardedClass(text: string): string | undefined {
  const address = parseAddress(text)
  if (address === undefined) return 'not an address'
  for (const [name, ranges] of special) {
    if (ranges.some((range) => within(address, range))) return name
  }
  if (address.kind() === 'ipv6' && !within(address, globalV6)) return 'reserved'
  // the library may know more than the list above, as it is brought up to date
  const range = address.range()
  return range === 'unicast' ? undefined : range
}

/** An address in its usual notation, without brackets (a zone is read over); undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  return ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : undefined
}

/** Whether an address lies in a range of its own family. */
export function within(address: Address, [start, bits]: Range): boolean {
  return address.kind() === start.kind() && address.match(start, bits)
}
