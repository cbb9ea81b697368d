import { statements, type Token } from './tokens.ts'
import type { ErrorFields } from './wire.ts'

/** What the front has to know of a text before the backend sees it. */
export interface Inspection {
  /** Why it must not reach the backend. */
  refuse?: Refusal
  /** The text is one `COPY … FROM STDIN`, binary; here it is with PGlite's blob device in place of STDIN. */
  copyFromBlob?: string
  /** Channels of LISTEN and UNLISTEN, in order; `*` for all. */
  listens: { channel: string; on: boolean }[]
}

/** An error of the front's own. */
export type Refusal = Omit<ErrorFields, 'severity'>

const WORTH_A_LOOK = /\b(?:copy|listen|unlisten|set|prepare|discard)\b/i
const NOT_SUPPORTED = '0A000'
const ONE_SESSION = 'One session of the embedded PostgreSQL serves all connections.'

/** Looks at one text of SQL. A COPY FROM STDIN is let through only in a Query that is `alone` in its batch. */
export function inspect(sql: string, alone: boolean): Inspection {
  const result: Inspection = { listens: [] }
  // `set` is in every UPDATE: the scan itself is what decides.
  if (!WORTH_A_LOOK.test(sql)) return result
  const found = statements(sql)
  for (const statement of found) {
    const [first, second] = statement
    if (first?.kind !== 'word') continue
    if (first.text === 'listen' || first.text === 'unlisten') {
      result.listens.push({ channel: channelOf(second), on: first.text === 'listen' })
    } else if (first.text === 'copy') {
      const copy = copyFromStdin(sql, statement)
      if (copy === undefined) continue
      if (typeof copy !== 'string') result.refuse = copy
      else if (!alone || found.length > 1) result.refuse = ALONE
      else result.copyFromBlob = copy
    } else {
      const refuse = sessionWide(first.text, second)
      if (refuse !== undefined) result.refuse = refuse
    }
  }
  return result
}

const ALONE: Refusal = {
  code: NOT_SUPPORTED,
  message: 'COPY FROM STDIN must be the only statement of a simple query on the embedded PostgreSQL',
  hint: 'Send it alone, without parameters.',
}

/** The refusal of a prepared statement with a name. */
export const NAMED_STATEMENT: Refusal = {
  code: NOT_SUPPORTED,
  message: 'prepared statements with a name are not supported by the embedded PostgreSQL',
  hint: `${ONE_SESSION} Use unnamed statements.`,
}

function sessionWide(first: string, second: Token | undefined): Refusal | undefined {
  if (first === 'set' && !/^(local|transaction|constraints)$/.test(second?.kind === 'word' ? second.text : '')) {
    return {
      code: NOT_SUPPORTED,
      message: 'SET for the whole session is not supported by the embedded PostgreSQL',
      hint: `${ONE_SESSION} Use SET LOCAL inside a transaction.`,
    }
  }
  if (first === 'prepare') return NAMED_STATEMENT
  if (first === 'discard') {
    return { code: NOT_SUPPORTED, message: 'DISCARD is not supported by the embedded PostgreSQL', hint: ONE_SESSION }
  }
  return undefined
}

/** The rewritten text, the reason why not, or undefined for a COPY that is something else. */
function copyFromStdin(sql: string, statement: readonly Token[]): string | Refusal | undefined {
  const at = statement.findIndex(
    (token, index) => isWord(token, 'stdin') && token.depth === 0 && isWord(statement[index - 1], 'from'),
  )
  const stdin = statement[at]
  if (stdin === undefined) return undefined
  const binary = statement.some(
    (token, index) => index > at && isWord(token, 'binary') && isWord(statement[index - 1], 'format'),
  )
  if (!binary) {
    return {
      code: NOT_SUPPORTED,
      message: 'COPY FROM STDIN in text or CSV format is not supported by the embedded PostgreSQL',
      hint: 'Use FORMAT binary.',
    }
  }
  return `${sql.slice(0, stdin.start)}'/dev/blob'${sql.slice(stdin.end)}`
}

function isWord(token: Token | undefined, text: string): boolean {
  return token?.kind === 'word' && token.text === text
}

function channelOf(token: Token | undefined): string {
  // PostgreSQL cuts identifiers to 63 bytes.
  return Buffer.from(token?.text ?? '').toString('utf8', 0, 63)
}
