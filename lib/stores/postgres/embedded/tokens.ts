/** A piece of SQL that is neither blank nor comment. */
export interface Token {
  /** Plain word (lower case), quoted identifier (unquoted), or anything else (a character, or empty for a literal). */
  kind: 'word' | 'identifier' | 'other'
  text: string
  start: number
  end: number
  /** How many parentheses it stands in. */
  depth: number
}

const BLANK = /\s+/y
const LINE_COMMENT = /--[^\n]*/y
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y
const NUMBER = /\d[\w.]*/y
const PARAMETER = /\$\d+/y
const DOLLAR = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y

/** The statements of a text, each as its tokens; empty ones are left out. Follows PostgreSQL's lexical rules. */
export function statements(sql: string): Token[][] {
  const found: Token[][] = []
  let current: Token[] = []
  let depth = 0
  let at = 0
  const skip = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const match = pattern.exec(sql)?.[0]
    if (match !== undefined) at += match.length
    return match
  }
  while (at < sql.length) {
    if (skip(BLANK) !== undefined || skip(LINE_COMMENT) !== undefined) continue
    const start = at
    const push = (kind: Token['kind'], text: string) => current.push({ kind, text, start, end: at, depth })
    if (sql.startsWith('/*', at)) {
      at = endOfComment(sql, at)
      continue
    }
    const word = skip(WORD)
    if (word !== undefined) {
      // E'…' has backslash escapes, other prefixes (B, X, N, U&) do not change where the literal ends.
      if (sql[at] === "'" && /^e$/i.test(word)) {
        at = endOfQuoted(sql, at, "'", true)
        push('other', '')
      } else push('word', word.toLowerCase())
      continue
    }
    const character = sql[at] ?? ''
    if (character === "'" || character === '"') {
      at = endOfQuoted(sql, at, character, false)
      if (character === '"') push('identifier', sql.slice(start + 1, at - 1).replaceAll('""', '"'))
      else push('other', '')
      continue
    }
    if (skip(NUMBER) !== undefined || skip(PARAMETER) !== undefined) {
      push('other', '')
      continue
    }
    const tag = skip(DOLLAR)
    if (tag !== undefined) {
      const close = sql.indexOf(tag, at)
      at = close === -1 ? sql.length : close + tag.length
      push('other', '')
      continue
    }
    at += 1
    if (character === ')') depth = Math.max(0, depth - 1)
    if (character === ';' && depth === 0) {
      if (current.length > 0) found.push(current)
      current = []
    } else {
      push('other', character)
    }
    if (character === '(') depth += 1
  }
  if (current.length > 0) found.push(current)
  return found
}

function endOfComment(sql: string, from: number): number {
  // Comments nest in PostgreSQL.
  let open = 0
  let at = from
  while (at < sql.length) {
    if (sql.startsWith('/*', at)) {
      open += 1
      at += 2
    } else if (sql.startsWith('*/', at)) {
      open -= 1
      at += 2
      if (open === 0) return at
    } else {
      at += 1
    }
  }
  return sql.length
}

function endOfQuoted(sql: string, from: number, quote: string, backslash: boolean): number {
  let at = from + 1
  while (at < sql.length) {
    if (backslash && sql[at] === '\\') at += 2
    else if (sql[at] !== quote) at += 1
    else if (sql[at + 1] === quote) at += 2
    else return at + 1
  }
  return sql.length
}
