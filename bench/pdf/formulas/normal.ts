/**
 * A normal form of LaTeX, to compare what is on paper and not how it was typed. Rules:
 * - spacing, \left \right, sizes, \limits and braces that change nothing are dropped; subscripts come before superscripts;
 * - upright or italic is not compared: \mathrm, \text, \operatorname, \mathbf and the like leave their letters, \max is m a x;
 * - other names of the same sign are one: \le \leq, \cdotp \cdot, \ast *, \dfrac \frac, \overline over one thing and \bar, \text{é} \acute{e} é;
 * - two things over each other in parentheses are a binomial, whichever of the two it was;
 * - a product written \cdot, \times, x or . stays what it is; so does a decimal comma (whose braces are dropped).
 */
export function normal(latex: string): string {
  const tokens =
    latex
      .normalize('NFC')
      .replaceAll(/\\(left|right)\s*\./g, '')
      .match(/\\[A-Za-z]+\*?|\\.|[^\s]/gsu) ?? []
  const parser = new Parser(tokens.map((token) => same[token] ?? token).filter((token) => !dropped.has(token)))
  return parser
    .group(undefined)
    .replaceAll(/\\begin\{pmatrix\}([^&\\]*)\\\\([^&\\]*)\\end\{pmatrix\}/g, String.raw`\binom{$1}{$2}`)
}

const same: Record<string, string> = {
  '\\le': '\\leq',
  '\\ge': '\\geq',
  '\\ne': '\\neq',
  '\\leqslant': '\\leq',
  '\\geqslant': '\\geq',
  '\\to': '\\rightarrow',
  '\\cdotp': '\\cdot',
  '\\ast': '*',
  '\\dfrac': '\\frac',
  '\\tfrac': '\\frac',
  '\\dbinom': '\\binom',
  '\\overline': '\\bar',
  '\\widehat': '\\hat',
  '\\widetilde': '\\tilde',
  '\\lvert': '|',
  '\\rvert': '|',
  '\\vert': '|',
  '\\mid': '|',
  '\\dots': '\\ldots',
  '\\lbrace': '\\{',
  '\\rbrace': '\\}',
  '\\lbrack': '[',
  '\\rbrack': ']',
  '\\varDelta': '\\Delta',
  '\\colon': ':',
  '′': "'",
}

const dropped = new Set([
  '\\left',
  '\\right',
  '\\big',
  '\\Big',
  '\\bigg',
  '\\Bigg',
  '\\bigl',
  '\\bigr',
  '\\Bigl',
  '\\Bigr',
  '\\quad',
  '\\qquad',
  '\\,',
  '\\;',
  '\\:',
  '\\!',
  '\\ ',
  '~',
  '\\limits',
  '\\nolimits',
  '\\displaystyle',
  '\\textstyle',
  '\\hspace',
  '\\mathstrut',
])
const wrappers = new Set([
  '\\mathrm',
  '\\text',
  '\\operatorname',
  '\\operatorname*',
  '\\mathit',
  '\\mathbf',
  '\\boldsymbol',
  '\\textrm',
  '\\textit',
  '\\mathsf',
  '\\mbox',
  '\\mathnormal',
])
const accents: Record<string, string> = {
  '\\acute': '\u0301',
  '\\grave': '\u0300',
  '\\hat': '\u0302',
  '\\tilde': '\u0303',
  '\\c': '\u0327',
}
const words = new Set(
  'sin cos tan log ln exp lim max min sup inf arg det dim arcsin arccos arctan sinh cosh tanh gcd'.split(' '),
)

class Parser {
  readonly #tokens: string[]
  #at = 0

  constructor(tokens: string[]) {
    this.#tokens = tokens
  }

  /** Everything up to a closing token. */
  group(end: string | undefined): string {
    const parts: string[] = []
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at] ?? ''
      if (token === end) {
        this.#at += 1
        break
      }
      if (token === '_' || token === '^' || token === "'") {
        parts.push(this.#scripts())
        continue
      }
      parts.push(this.#one())
    }
    return parts.join('')
  }

  /** Scripts of what stands before, in one order. */
  #scripts(): string {
    let sub = ''
    let sup = ''
    for (;;) {
      const token = this.#tokens[this.#at]
      if (token === '_' || token === '^') {
        this.#at += 1
        const value = this.#one()
        if (token === '_') sub += value
        else sup += value
      } else if (token === "'") {
        this.#at += 1
        sup += '\\prime'
      } else break
    }
    return (sub === '' ? '' : `_{${sub}}`) + (sup === '' ? '' : `^{${sup}}`)
  }

  #one(): string {
    const token = this.#tokens[this.#at] ?? ''
    this.#at += 1
    if (token === '{') return this.group('}')
    if (wrappers.has(token)) return this.#one()
    if (token === '\\frac' || token === '\\binom') return `${token}{${this.#one()}}{${this.#one()}}`
    if (token === '\\sqrt') {
      const degree = this.#tokens[this.#at] === '[' ? this.#degree() : ''
      return `\\sqrt${degree}{${this.#one()}}`
    }
    if (
      token in accents ||
      ['\\bar', '\\vec', '\\dot', '\\ddot', '\\check', '\\breve', '\\underline'].includes(token)
    ) {
      const inner = this.#one()
      const joined = (inner + (accents[token] ?? '')).normalize('NFC')
      return token in accents && joined.length === 1 && /[áéíóúâêôãõàç]/i.test(joined) ? joined : `${token}{${inner}}`
    }
    if (token === '\\begin' || token === '\\end') return `${token}{${this.#one()}}`
    const word = token.slice(1)
    return words.has(word) && token.startsWith('\\') ? word : token
  }

  #degree(): string {
    this.#at += 1
    return `[${this.group(']')}]`
  }
}
