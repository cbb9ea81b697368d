import { type Reading, reading } from './reading.ts'

/** Hosts whose breaker has opened once, and whether it is open now. */
const hosts = new Map<string, boolean>()
/** As many as the HTTP client remembers. */
const most = 256

/** Notes that a host is left alone, or is back. */
export function noteBreaker(host: string, open: boolean): void {
  hosts.delete(host)
  hosts.set(host, open)
  const [oldest] = hosts.keys()
  if (hosts.size > most && oldest !== undefined) hosts.delete(oldest)
}

/** The breakers that have been open since this process was started. */
export function breakerReadings(): Reading[] {
  return [...hosts].map(([host, open]) => reading('http.breaker.open', { host }, open ? 1 : 0))
}
