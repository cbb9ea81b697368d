import pg from 'pg'
import { PipelineError } from '../../errors.ts'

/** Turns whatever pg or the network threw into a {@link PipelineError}, without the passwords it was given. */
export type ErrorMapper = (thrown: unknown) => PipelineError

// Class 08, 57P0x and the server's own "too many" are about the connection, not about the statement.
const UNAVAILABLE = /^(08...|57P0.|53300|25P03)$/
const DISK_FULL = '53100'
const FULL = /^(53100|53200)$/
// Writing where only reading is possible: a standby after a fail-over, or a volume mounted read-only.
const READ_ONLY = '25006'
const NETWORK =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|ENOENT|EADDRNOTAVAIL|ENOTCONN)$/
const CLOSED =
  /^(Connection terminated|timeout expired|timeout exceeded|Client has encountered|Client was closed|Cannot use a pool|read |write )/
const TLS = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME|ERR_SSL|ERR_TLS/
// A transaction that lost against another one, or a lock that was not to be had in time.
const AGAIN = new Set(['40001', '40P01', '55P03'])

/**
 * Makes the {@link ErrorMapper} of one target. Codes: STORE_UNAVAILABLE, STORE_TIMEOUT, STORE_READ_ONLY (retryable), STORE_FULL (retryable for a disk), STORE_TLS,
 * SQL_<sqlstate> (retryable for 40001, 40P01 and 55P03). `secrets` are blanked in messages.
 */
export function errorMapper(secrets: readonly string[]): ErrorMapper {
  const words = secrets.filter((secret) => secret !== '').flatMap((secret) => [secret, encodeURIComponent(secret)])
  const redact = (text: string) => words.reduce((out, word) => out.replaceAll(word, '***'), text)
  return (thrown) => {
    if (thrown instanceof PipelineError) return thrown
    if (thrown instanceof pg.DatabaseError) return fromDatabase(thrown, redact)
    return fromNetwork(thrown, redact)
  }
}

function fromDatabase(error: pg.DatabaseError, redact: (text: string) => string): PipelineError {
  const state = error.code ?? 'XX000'
  const message = redact(error.message)
  const details = describe(error, state, redact)
  // The driver's error may hold the failing row, which may hold personal data: only what was picked travels on.
  const make = (code: string, retryable: boolean) =>
    new PipelineError(code, message, {
      ...{ retryable, details },
      ...(code === 'STORE_FULL' && retryable ? { retryAfterMs: 30_000 } : {}),
    })
  if (UNAVAILABLE.test(state)) return make('STORE_UNAVAILABLE', true)
  if (FULL.test(state)) return make('STORE_FULL', state === DISK_FULL)
  if (state === READ_ONLY) return make('STORE_READ_ONLY', true)
  if (state === '57014' && message.includes('timeout')) return make('STORE_TIMEOUT', true)
  return make(`SQL_${state}`, AGAIN.has(state))
}

function describe(error: pg.DatabaseError, state: string, redact: (text: string) => string): Record<string, unknown> {
  const details: Record<string, unknown> = { sqlstate: state }
  for (const name of ['schema', 'table', 'column', 'constraint', 'dataType', 'position', 'hint', 'where'] as const) {
    const value = error[name]
    if (value !== undefined) details[name] = redact(value).slice(0, 300)
  }
  const column = details.column === undefined ? /, column ([^:]+)/.exec(error.where ?? '') : null
  if (column !== null) details.column = column[1]
  if (error.detail !== undefined && !error.detail.startsWith('Failing row')) {
    details.detail = redact(error.detail).slice(0, 300)
  }
  return details
}

function fromNetwork(thrown: unknown, redact: (text: string) => string): PipelineError {
  const causes = thrown instanceof AggregateError ? thrown.errors : [thrown]
  const message = redact(causes.map((cause) => (cause instanceof Error ? cause.message : String(cause))).join('; '))
  const code = causes.map(codeOf).find((found) => found !== '') ?? codeOf(thrown)
  const cause = new Error(message)
  if (TLS.test(code) || message.includes('support SSL')) {
    return new PipelineError('STORE_TLS', `PostgreSQL refused or failed the TLS handshake: ${message}`, { cause })
  }
  if (NETWORK.test(code) || CLOSED.test(message)) {
    return new PipelineError('STORE_UNAVAILABLE', `PostgreSQL cannot be reached: ${message}`, {
      retryable: true,
      cause,
    })
  }
  return new PipelineError('STORE_ERROR', message, { cause })
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''
}
