import { isIP } from 'node:net'
import type { hostClasses } from './catalogue.ts'

/** Which kind of host a request goes to; names themselves would have no bound. */
export type HostClass = (typeof hostClasses)[number]

/** The class of a host name, without its port. */
export function hostClassOf(hostname: string): HostClass {
  const name = hostname.toLowerCase().replace(/\.$/, '')
  if (name === 'aneel.gov.br' || name.endsWith('.aneel.gov.br')) return 'aneel'
  if (name.endsWith('.gov.br')) return 'government'
  const inside =
    isIP(name.replace(/^\[|\]$/g, '')) !== 0 || !name.includes('.') || /\.(internal|local|localhost)$/.test(name)
  return inside ? 'internal' : 'other'
}
