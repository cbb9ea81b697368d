import type { Item } from './atoms.ts'
import { functionName, functions } from './symbols.ts'

/** A piece on the line with its scripts. */
export interface Token {
  latex: string
  item: Item | undefined
  scripts: string
  /** Where its scripts end. */
  end?: number
}

const isLetter = (token: Token | undefined): boolean => /^\p{L}$/u.test(token?.item?.text ?? '')
const isDigit = (token: Token | undefined): boolean => /^[0-9]$/.test(token?.item?.text ?? '')

/** Names that are common in Portuguese texts as functions. */
const portuguese = new Set(['sen', 'tg', 'arctg', 'arcsen', 'senh', 'máx', 'mín'])

/** LaTeX of a line: letters that stand together upright are a word, a comma between digits is a decimal one, brackets fit their content. */
export function join(tokens: readonly Token[], size: number): string {
  const parts: string[] = []
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at]
    if (token === undefined) continue
    const before = tokens[at - 1]
    if (wide(before, token, size)) parts.push('\\ ')
    if (isDots(tokens, at)) {
      parts.push('\\ldots ')
      at += 2
      continue
    }
    const end = wordEnd(tokens, at)
    if (end > at + 1) {
      parts.push(word(tokens.slice(at, end)))
      at = end - 1
      continue
    }
    parts.push(one(token, before, tokens[at + 1]))
  }
  return fit(parts)
}

/** Three full stops in a row. */
const isDots = (tokens: readonly Token[], at: number): boolean =>
  [0, 1, 2].every((step) => tokens[at + step]?.item?.text === '.' && tokens[at + step]?.scripts === '')

function gapBefore(before: Token | undefined, token: Token): number {
  if (before?.item === undefined || token.item === undefined) return 0
  return token.item.left - Math.max(before.item.right, before.end ?? -Infinity)
}

/** A gap between letters or digits that no operator explains. */
function wide(before: Token | undefined, token: Token, size: number): boolean {
  const text = (one: Token | undefined): boolean => isLetter(one) || isDigit(one)
  return text(before) && text(token) && gapBefore(before, token) > 0.22 * size
}

/** Where a word of upright letters ends; letters of formulas in italics are single. */
function wordEnd(tokens: readonly Token[], from: number): number {
  let at = from
  while (at < tokens.length) {
    const token = tokens[at]
    if (token?.item === undefined || !isLetter(token)) break
    const before = tokens[at - 1]
    if (at > from) {
      if (before === undefined || before.scripts !== '') break
      if (token.item.upright !== before.item?.upright || gapBefore(before, token) > 0.16 * token.item.size) break
    }
    at += 1
  }
  const letters = tokens.slice(from, at)
  const upright = letters[0]?.item?.upright === true
  return upright || isFunction(letters) ? at : from
}

const spelled = (tokens: readonly Token[]): string => tokens.map((token) => token.item?.text ?? '').join('')
const isFunction = (tokens: readonly Token[]): boolean =>
  functions.has(spelled(tokens)) || portuguese.has(spelled(tokens))

function word(tokens: readonly Token[]): string {
  const text = spelled(tokens)
  const scripts = tokens.at(-1)?.scripts ?? ''
  if (isFunction(tokens))
    return `${functions.has(text) ? functionName(text) : `\\operatorname{${plainName(text)}}`}${scripts} `
  const ascii = /^[A-Za-z]+$/.test(text)
  if (ascii) return `\\mathrm{${text}}${scripts}`
  return /^[\p{Script=Latin}]+$/u.test(text)
    ? `\\text{${text}}${scripts}`
    : tokens.map((token) => spaced(token.latex) + token.scripts).join('')
}

const plainName = (text: string): string =>
  text === 'máx' ? 'm\\acute{a}x' : text === 'mín' ? 'm\\acute{\\imath}n' : text

/** A command of letters swallows the letter that follows it. */
const spaced = (latex: string): string => (/\\[A-Za-z]+$/.test(latex) ? `${latex} ` : latex)

function one(token: Token, before: Token | undefined, after: Token | undefined): string {
  let { latex } = token
  if (
    (token.item?.text === ',' || token.item?.text === '.') &&
    isDigit(before) &&
    isDigit(after) &&
    before?.scripts === ''
  ) {
    latex = token.item.text === ',' ? '{,}' : '.'
  }
  if (token.scripts === '') return spaced(latex)
  // what has scripts of its own, or is a fraction, is put in braces
  const base = token.item?.role === 'node' && !/^\\(sqrt|bar|hat|vec|dot|tilde)/.test(latex) ? `{${latex}}` : latex
  const clash = /\^\{[^{}]*\}$/.test(latex) && token.scripts.includes('^') ? `{${latex}}` : base
  return clash + token.scripts
}

const opening: Record<string, string> = { '(': ')', '[': ']', '\\{': '\\}' }

/** Joins the parts. Pairs of brackets around something tall grow with it. */
function fit(parts: string[]): string {
  const open: { at: number; latex: string }[] = []
  for (const [at, part] of parts.entries()) {
    const bracket = /^(\(|\[|\\\{|\)|\]|\\\})/.exec(part)?.[1]
    if (bracket === undefined) continue
    if (bracket in opening) open.push({ at, latex: bracket })
    else {
      const last = open.pop()
      if (last === undefined) continue
      const content = parts.slice(last.at + 1, at).join('')
      // a half-open interval pairs ( with ]
      if (!/\\(frac|sum|int|prod|begin|sqrt|binom)/.test(content)) continue
      parts[last.at] = `\\left${parts[last.at] ?? ''}`
      parts[at] = `\\right${part}`
    }
  }
  return parts.join('').replace(/ +/g, ' ').trim()
}
