/** A word, number, act or model name of a text, in the form in which it is compared. */
export interface Token {
  /** Lower case; accents are still there, for the stemmer wants them. Numbers with `.` before their decimals and no other mark. */
  text: string
  kind: 'word' | 'number' | 'name' | 'act'
}

/** What is one token before it is looked at more closely. */
const piece = /[\p{L}\p{N}]+(?:[-.,/:][\p{L}\p{N}]+)*%?/gu

/** Names of kinds of acts, as they are written before a number. The same act is one term, however it is written. */
const actKinds: readonly [RegExp, string][] = [
  [/^(?:resolu[cç][aã]o\s+normativa(?:\s+aneel)?|ren)$/, 'ren'],
  [/^(?:resolu[cç][aã]o\s+homologat[oó]ria(?:\s+aneel)?|reh)$/, 'reh'],
  [/^(?:resolu[cç][aã]o\s+autorizativa(?:\s+aneel)?|rea)$/, 'rea'],
  [/^(?:resolu[cç][aã]o(?:\s+aneel)?|res)$/, 'res'],
  [/^lei(?:\s+complementar)?$/, 'lei'],
  [/^(?:decreto(?:-lei)?)$/, 'decreto'],
  [/^portaria(?:\s+\p{L}+)?$/u, 'portaria'],
  [/^despacho(?:\s+aneel)?$/, 'despacho'],
  [/^(?:medida\s+provis[oó]ria|mp)$/, 'mp'],
  [/^(?:(?:abnt\s+)?nbr(?:\s+(?:iso|iec|nm))*)$/, 'nbr'],
  [/^iec$/, 'iec'],
]
const act =
  /(?<![\p{L}\p{N}])(resolu[cç][aã]o(?:\s+(?:normativa|homologat[oó]ria|autorizativa))?(?:\s+aneel)?|ren|reh|rea|lei(?:\s+complementar)?|decreto(?:-lei)?|portaria(?:\s+(?:mme|inmetro|aneel))?|despacho(?:\s+aneel)?|medida\s+provis[oó]ria|mp|(?:abnt\s+)?nbr(?:\s+(?:iso|iec|nm))*|iec)\s*(?:n[ºo°]?\.?\s*)?(\d{1,3}(?:\.\d{3})+|\d{1,6})(?:(?:\s*[/:]\s*|\s*,?\s+de\s+(?:\d{1,2}[ºo°]?\s+de\s+\p{L}+\s+de\s+)?)(\d{4}|\d{2})(?!\d))?/gu

/** `Art. 5º`, `artigo 655-A`. */
const article = /(?<![\p{L}\p{N}])art(?:igo|s)?\.?\s*(\d{1,4}(?:-[a-z])?)(?!\p{N})/gu

const onlyLetters = /^[a-zà-öø-ÿ]+$/
const thousands = /^\d{1,3}(?:\.\d{3})+(?:,\d+)?$/
const english = /^\d{1,3}(?:,\d{3})+\.\d+$/
const plain = /^\d+(?:[.,]\d+)?$/

/**
 * The tokens of a text, in order. References to acts give one token of their own (`ren 1000/2021`, and `ren 1000`) beside their words and numbers; names of models
 * (`SUN2000-100KTL`) one without marks beside their parts; a number and its unit one (`13.8kv`) beside both.
 */
export function tokensOf(text: string): Token[] {
  const plainText = text
    .replace(/[ºª°]/g, ' ')
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[‐‑‒–]/g, '-')
  const tokens: Token[] = []
  for (const [, kind = '', number = '', year] of plainText.matchAll(act)) {
    const name = actName(kind, number)
    tokens.push({ text: name, kind: 'act' })
    // questions often leave the year out
    if (year !== undefined) tokens.push({ text: `${name}/${fullYear(year)}`, kind: 'act' })
  }
  for (const [, number = ''] of plainText.matchAll(article)) tokens.push({ text: `art ${number}`, kind: 'act' })
  let number: string | undefined
  let end = 0
  for (const whole of plainText.match(piece) ?? []) {
    const at = plainText.indexOf(whole, end)
    const value = numberOf(whole)
    if (value !== undefined) {
      tokens.push({ text: value, kind: 'number' })
    } else {
      if (number !== undefined && whole.length <= 6 && at - end <= 1 && isUnit(whole)) {
        tokens.push({ text: `${number}${whole}`, kind: 'number' })
      }
      pushWord(whole, tokens)
    }
    number = value
    end = at + whole.length
  }
  return tokens
}

/** Units that say something together with their number. */
const units = new Set(
  'a v w kw mw gw kv va kva mva kvar mvar kwh mwh gwh wh kwp mwp wp hz khz ohm mm cm m km m2 mm2 ms s min h c kg k pu bar dias horas meses anos'.split(
    ' ',
  ),
)
const isUnit = (text: string) => units.has(text)

/** A number in canonical form, Brazilian or, where both marks tell it, English; undefined for anything else. */
function numberOf(text: string): string | undefined {
  if (!startsWithDigit(text)) return undefined
  const percent = text.endsWith('%')
  const digits = percent ? text.slice(0, -1) : text
  let value: string
  if (thousands.test(digits)) value = digits.replaceAll('.', '').replace(',', '.')
  else if (english.test(digits)) value = digits.replaceAll(',', '')
  else if (plain.test(digits)) value = digits.replace(',', '.')
  else return undefined
  if (value.includes('.')) value = value.replace(/\.?0+$/, '')
  return percent ? `${value}%` : value
}

function startsWithDigit(text: string): boolean {
  const code = text.charCodeAt(0)
  return code >= 48 && code <= 57
}

function pushWord(whole: string, tokens: Token[]): void {
  const text = whole.endsWith('%') ? whole.slice(0, -1) : whole
  if (onlyLetters.test(text)) {
    tokens.push({ text, kind: 'word' })
    return
  }
  if (!/[-.,/:]/.test(text)) {
    tokens.push({ text, kind: hasBoth(text) ? 'name' : 'word' })
    // 13,8kV comes as two pieces in one: the number, its unit, and both
    const glued = /^(\d+)(\p{L}+2?)$/u.exec(text)
    if (glued?.[1] !== undefined && glued[2] !== undefined && isUnit(glued[2])) {
      tokens.push({ text: glued[1], kind: 'number' }, { text: glued[2], kind: 'word' })
    }
    return
  }
  const decimal = /^(\d[\d.,]*?)(\p{L}+2?)$/u.exec(text)
  const value = decimal?.[1] === undefined ? undefined : numberOf(decimal[1])
  if (value !== undefined && decimal?.[2] !== undefined && isUnit(decimal[2])) {
    tokens.push({ text: `${value}${decimal[2]}`, kind: 'number' })
    tokens.push({ text: value, kind: 'number' }, { text: decimal[2], kind: 'word' })
    return
  }
  const sides = text.split(/[/:]/).filter((part) => part !== '')
  if (sides.length > 1) {
    // kWh/m² is a unit of its own; 1.000/2021 is no number
    if (sides.length === 2 && !/\d.*\d/.test(text)) tokens.push({ text: sides.join(''), kind: 'word' })
    for (const side of sides) pushPiece(side, tokens)
    return
  }
  const parts = text.split(/[-.,]/).filter((part) => part !== '')
  if (parts.length <= 5 && /\p{L}/u.test(text))
    tokens.push({ text: parts.join(''), kind: hasBoth(text) ? 'name' : 'word' })
  for (const part of parts) pushPiece(part, tokens)
}

function pushPiece(part: string, tokens: Token[]): void {
  const value = numberOf(part)
  if (value === undefined) pushWord(part, tokens)
  else tokens.push({ text: value, kind: 'number' })
}

function hasBoth(text: string): boolean {
  return /\d/.test(text) && /\p{L}/u.test(text)
}

function actName(written: string, number: string): string {
  const kind = written.replace(/\s+/g, ' ')
  const name = actKinds.find(([pattern]) => pattern.test(kind))?.[1] ?? kind
  return `${name} ${number.replaceAll('.', '').replace(/^0+(?=\d)/, '')}`
}

function fullYear(year: string): string {
  if (year.length === 4) return year
  return Number(year) > 50 ? `19${year}` : `20${year}`
}
