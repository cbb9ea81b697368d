/** One way to write an address that must not be fetched from. */
export interface GuardedForm {
  /** The host as it stands in a URL. */
  host: string
  /** Its class; blank for hosts that no URL should have. */
  kind: string
  /** Whether a client without a guard would reach this machine. */
  reachesUs: boolean
}

/** Guarded IPv4 addresses, first and last ones of their ranges among them. */
export const guardedV4: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.1', '127.8.9.10', '127.255.255.254'],
  unspecified: ['0.0.0.0', '0.255.255.255'],
  private: ['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.255.254'],
  'carrier-grade NAT': ['100.64.0.1', '100.127.255.255'],
  'link-local': ['169.254.0.1', '169.254.255.254'],
  'cloud metadata': ['169.254.169.254', '169.254.170.2', '100.100.100.200', '192.0.0.192', '168.63.129.16'],
  documentation: ['192.0.2.1', '198.51.100.7', '203.0.113.255'],
  benchmarking: ['198.18.0.1', '198.19.255.255'],
  multicast: ['224.0.0.1', '239.255.255.250'],
  broadcast: ['255.255.255.255'],
  reserved: ['192.0.0.1', '192.31.196.1', '192.52.193.1', '192.175.48.1', '240.0.0.1', '255.255.255.254'],
  '6to4': ['192.88.99.1'],
}

/** Guarded IPv6 addresses. */
export const guardedV6: Readonly<Record<string, readonly string[]>> = {
  loopback: ['::1', '0:0:0:0:0:0:0:1', '0000:0000:0000:0000:0000:0000:0000:0001', '::0001', '0::1'],
  unspecified: ['::', '0::0', '0:0:0:0:0:0:0:0'],
  private: ['fc00::1', 'fd12:3456:789a::1', 'FDFF:FFFF::1', 'fec0::1', 'feff::1'],
  'cloud metadata': ['fd00:ec2::254', 'fd20:ce::254', 'FD00:EC2::23'],
  'link-local': ['fe80::1', 'febf:ffff::1'],
  multicast: ['ff00::1', 'ff02::1', 'FF0E::1'],
  documentation: ['2001:db8::1', '2001:db8:ffff::1', '3fff::1', '3fff:fff::1'],
  benchmarking: ['2001:2::1'],
  Teredo: ['2001::1', '2001:0:7f00:1::', '2001:0:4136:e378:8000:63bf:80ff:fffe'],
  reserved: [
    '2001:10::1',
    '2001:20::1',
    '2001:1ff::1',
    '2620:4f:8000::1',
    '100::1',
    '4000::1',
    '5f00::1',
    'e000::1',
    '1::1',
  ],
  '6to4': ['2002:7f00:1::', '2002:a9fe:a9fe::1', '2002:c0a8:1::'],
}

/** IPv6 addresses that carry an IPv4 one: public or not, they are refused. */
const carriers: readonly (readonly [string, (v4: string) => string])[] = [
  ['IPv4-mapped', (v4) => `::ffff:${v4}`],
  ['IPv4-mapped', (v4) => `::FFFF:${hex(v4)}`],
  ['IPv4-mapped', (v4) => `0:0:0:0:0:ffff:${hex(v4)}`],
  ['IPv4-translated', (v4) => `::ffff:0:${v4}`],
  ['IPv4-translated', (v4) => `64:ff9b::${v4}`],
  ['IPv4-translated', (v4) => `64:ff9b:1::${hex(v4)}`],
  ['IPv4-compatible', (v4) => `::${v4}`],
  ['6to4', (v4) => `2002:${hex(v4)}::1`],
]

/** Ways in which a URL takes an IPv4 address beside the usual one. */
export const notationsV4: Readonly<Record<string, (v4: string) => string>> = {
  usual: (v4) => v4,
  'trailing dot': (v4) => `${v4}.`,
  decimal: (v4) => String(number(v4)),
  hexadecimal: (v4) => `0x${number(v4).toString(16)}`,
  'hexadecimal in capitals, with zeros': (v4) => `0X0000${number(v4).toString(16).toUpperCase()}`,
  octal: (v4) => `0${number(v4).toString(8)}`,
  'octal parts': (v4) => parts(v4, (part) => `0${part.toString(8)}`),
  'octal parts with zeros': (v4) => parts(v4, (part) => `000${part.toString(8)}`),
  'hexadecimal parts': (v4) => parts(v4, (part) => `0x${part.toString(16)}`),
  'parts in several bases': (v4) =>
    parts(v4, (part, at) => (at % 2 === 0 ? `0x${part.toString(16)}` : `0${part.toString(8)}`)),
  'two parts': (v4) => `${v4.split('.')[0]}.${number(v4) % 2 ** 24}`,
  'three parts': (v4) => `${v4.split('.').slice(0, 2).join('.')}.${number(v4) % 2 ** 16}`,
  'full-width digits': (v4) => v4.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  'mathematical digits': (v4) => v4.replace(/\d/g, (digit) => String.fromCodePoint(0x1d7ce + Number(digit))),
  'ideographic full stops': (v4) => v4.replaceAll('.', '。'),
  'percent-encoded': (v4) => [...v4].map((sign) => `%${sign.charCodeAt(0).toString(16)}`).join(''),
  'percent-encoded dots': (v4) => v4.replaceAll('.', '%2e'),
  'soft hyphen': (v4) => v4.replace('.', '\u00ad.'),
}

/** Hosts that no URL should have: whatever is made of them, nothing may be connected to. */
const broken = [
  '[fe80::1%25eth0]',
  '[fe80::1%eth0]',
  '[::1%250]',
  '[::1%lo]',
  '[::ffff:127.0.0.1%25lo]',
  '[127.0.0.1]',
  '[::0.0.0.1]',
  '[::127.0.0.1.]',
  '[::1].',
  '127.0.0.1%00',
  '127.0.0.1%00.example.org',
  '127.0.0.256',
  '127.0.0.1.1.1',
  '0x7f000001ff',
  '4294967296',
  '127.0.0.0x',
  '127.0.0.08',
  '[::1',
  '::1',
  '127.0.0.1%2f@example.org',
  '127.0.0.1%23',
  'user@127.0.0.1',
  'user:word@127.0.0.1',
  'example.org@127.0.0.1',
  'example.org%40@127.0.0.1',
  ':@localhost',
]

/** All forms, each once. */
export function guardedForms(): GuardedForm[] {
  const forms = new Map<string, GuardedForm>()
  const add = (host: string, kind: string, reachesUs: boolean) => {
    if (!forms.has(host)) forms.set(host, { host, kind, reachesUs })
  }
  for (const [kind, addresses] of Object.entries(guardedV4)) {
    for (const v4 of addresses)
      for (const write of Object.values(notationsV4)) add(write(v4), kind, v4 === '127.0.0.1' || v4 === '0.0.0.0')
  }
  for (const [kind, addresses] of Object.entries(guardedV6))
    for (const v6 of addresses) add(`[${v6}]`, kind, kind === 'loopback' || kind === 'unspecified')
  for (const [kind, write] of carriers) {
    for (const v4 of ['127.0.0.1', '10.0.0.1', '169.254.169.254', '192.168.1.1', '93.184.216.34'])
      add(`[${write(v4)}]`, kind, v4 === '127.0.0.1' && kind === 'IPv4-mapped')
  }
  for (const name of ['localhost', 'LOCALHOST', 'LocalHost', 'ｌｏｃａｌｈｏｓｔ', 'local%68ost', 'localh\u00adost'])
    add(name, 'loopback', true)
  for (const host of broken) add(host, '', false)
  return [...forms.values()]
}

function number(v4: string): number {
  return v4.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

function parts(v4: string, write: (part: number, at: number) => string): string {
  return v4
    .split('.')
    .map((part, at) => write(Number(part), at))
    .join('.')
}

function hex(v4: string): string {
  const value = number(v4)
  return `${Math.floor(value / 65_536).toString(16)}:${(value % 65_536).toString(16)}`
}
