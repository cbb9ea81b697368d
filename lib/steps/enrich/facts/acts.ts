import type { Found } from './dates.ts'
import { readDigits } from './decimal.ts'
import type { Reading } from './fact.ts'
import { match } from './units.ts'

/** Names of acts: the pattern that follows the first word, and the type. The first that fits counts. */
const acts: ReadonlyArray<readonly [first: string, rest: RegExp, type: string]> = [
  ['resolução', /\s+normativa/iuy, 'ren'],
  ['resoluções', /\s+normativas/iuy, 'ren'],
  ['normative', /\s+resolutions?/iuy, 'ren'],
  ['regulatory', /\s+resolutions?/iuy, 'ren'],
  ['ren', /s?/y, 'ren'],
  ['resolução', /\s+homologatória/iuy, 'reh'],
  ['resoluções', /\s+homologatórias/iuy, 'reh'],
  ['homologatory', /\s+resolutions?/iuy, 'reh'],
  ['homologating', /\s+resolutions?/iuy, 'reh'],
  ['homologation', /\s+resolutions?/iuy, 'reh'],
  ['ratifying', /\s+resolutions?/iuy, 'reh'],
  ['ratification', /\s+resolutions?/iuy, 'reh'],
  ['ratificatory', /\s+resolutions?/iuy, 'reh'],
  ['confirmatory', /\s+resolutions?/iuy, 'reh'],
  ['approving', /\s+resolutions?/iuy, 'reh'],
  ['approval', /\s+resolutions?/iuy, 'reh'],
  ['reh', /s?/y, 'reh'],
  ['resolução', /\s+autorizativa/iuy, 'rea'],
  ['authorizing', /\s+resolutions?/iuy, 'rea'],
  ['authorization', /\s+resolutions?/iuy, 'rea'],
  ['authorizative', /\s+resolutions?/iuy, 'rea'],
  ['rea', /s?/y, 'rea'],
  ['resolução', /(?:\s+conjunta)?/iuy, 'res'],
  ['resoluções', /(?:\s+conjuntas)?/iuy, 'res'],
  ['resolution', /s?/iuy, 'res'],
  ['resolutions', /(?:)/y, 'res'],
  ['lei', /\s+complementar/iuy, 'lc'],
  ['complementary', /\s+laws?/iuy, 'lc'],
  ['supplementary', /\s+laws?/iuy, 'lc'],
  ['lc', /(?:)/y, 'lc'],
  ['lei', /(?:\s+federal|\s+estadual)?/iuy, 'lei'],
  ['leis', /(?:)/y, 'lei'],
  ['federal', /\s+laws?/iuy, 'lei'],
  ['law', /(?:)/y, 'lei'],
  ['laws', /(?:)/y, 'lei'],
  ['act', /(?:)/y, 'lei'],
  ['decreto', /-lei/iuy, 'decreto-lei'],
  ['decree', /-law/iuy, 'decreto-lei'],
  ['decreto', /(?:\s+federal|\s+legislativo)?/iuy, 'decreto'],
  ['decretos', /(?:)/y, 'decreto'],
  ['decree', /(?:)/y, 'decreto'],
  ['decrees', /(?:)/y, 'decreto'],
  ['despacho', /(?:)/y, 'despacho'],
  ['despachos', /(?:)/y, 'despacho'],
  ['dispatch', /(?:)/y, 'despacho'],
  ['dsp', /(?:)/y, 'despacho'],
  ['order', /(?:)/y, 'despacho'],
  ['ruling', /(?:)/y, 'despacho'],
  ['portaria', /(?:\s+normativa|\s+interministerial)?/iuy, 'portaria'],
  ['portarias', /(?:)/y, 'portaria'],
  ['ordinance', /(?:)/y, 'portaria'],
  ['ordinances', /(?:)/y, 'portaria'],
  ['normative', /\s+ordinance/iuy, 'portaria'],
  ['medida', /\s+provisória/iuy, 'mp'],
  ['provisional', /\s+(?:measure|decree)/iuy, 'mp'],
  ['mp', /(?:)/y, 'mp'],
  ['instrução', /\s+normativa/iuy, 'in'],
  ['normative', /\s+instruction/iuy, 'in'],
  ['súmula', /(?:)/y, 'sumula'],
  ['nota', /\s+técnica/iuy, 'nt'],
  ['technical', /\s+note/iuy, 'nt'],
  ['consulta', /\s+pública/iuy, 'cp'],
  ['public', /\s+consultation/iuy, 'cp'],
  ['audiência', /\s+pública/iuy, 'ap'],
  ['public', /\s+hearing/iuy, 'ap'],
]

const actsByFirst = new Map<string, Array<readonly [RegExp, string]>>()
for (const [first, rest, type] of acts) actsByFirst.set(first, [...(actsByFirst.get(first) ?? []), [rest, type]])
/** Abbreviations that are words of another meaning in small letters. */
const capitalOnly = new Set(['ren', 'reh', 'rea', 'lc', 'mp', 'dsp', 'act', 'order', 'ruling', 'dispatch', 'law'])

const agency =
  /(?:\s+|\s?[-/]\s?)(?:da\s+|do\s+)?(?:ANEEL|Aneel|CNPE|MME|CONFAZ|RFB|SRF|INMETRO|Inmetro|CAMEX|ANP|ANA|MF|BCB|ONS|CCEE|CMN|SRD|SRM|SRT|SGT|STR|SFF|STF|STJ|SRG)(?![\p{L}])(?:[/-][A-Z]{2,6}(?![\p{L}]))?/uy
const numberMark = /\s*(?:(?:n\s?\.?\s?[ºo°]|[Nn]os?\.?|N\s?\.?\s?[ºo°]|n\.|Nos?\.|number|número|núm\.|#)\s*)?/y
const actNumber = /\d{1,3}(?:[.,]\d{3})+(?!\d)|\d+/y
const actYear = /(?:\/|-(?=\d{4}))((?:18|19|20)\d{2}|\d{2})(?!\d)/y
const agencySuffix = /(?:-|\s?\/\s?)(?:ANEEL|Aneel|[A-Z]{3,4})(?:\/[A-Z]{3,6})?(?![\p{L}\d])/uy
const dated =
  /\s*[,(]?\s*(?:de|of|dated)\s+(?:\d{1,2}(?:º|o|st|nd|rd|th)?\s+(?:de\s+|of\s+)?\p{L}{3,9}\.?,?\s+(?:de\s+|of\s+)?|\p{Lu}\p{L}{2,8}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+(?:of\s+)?|\d{1,2}\/\d{1,2}\/|\d{1,2}\.\d{1,2}\.)?((?:18|19|20)\d{2})(?![\d/]|[.,]\d)/uy

/** Words that acts and provisions begin with. */
export function actStarts(): readonly string[] {
  return [...actsByFirst.keys(), ...norms, ...Object.keys(provisions)]
}

/** Whether a word (in small letters) can begin the name of an act. */
export function startsAct(word: string): boolean {
  return actsByFirst.has(word) || norms.has(word)
}

/**
 * An act by its name: `Resolução Normativa ANEEL nº 1.000, de 7 de dezembro de 2021` is `1000/2021` of type `ren`. Its end is before the date, which is
 * a fact of its own.
 */
export function actAt(text: string, written: string, start: number): Found | undefined {
  const word = written.toLowerCase()
  const norm = norms.has(word) ? normAt(text, written, start) : undefined
  if (norm !== undefined) return norm
  if (capitalOnly.has(word) && !/^\p{Lu}/u.test(written)) return undefined
  for (const [rest, type] of actsByFirst.get(word) ?? []) {
    const name = match(rest, text, start + written.length)
    if (name === undefined) continue
    let at = start + written.length + name[0].length
    if (/\p{L}/u.test(text[at] ?? '')) continue
    for (let names = 0; names < 2; names++) at += match(agency, text, at)?.[0].length ?? 0
    const mark = match(numberMark, text, at)?.[0] ?? ''
    const digits = match(actNumber, text, at + mark.length)
    if (digits === undefined) return undefined
    // `lei 5 dias depois` names no act, `Lei 14.300` does
    if (mark === '' && !/[-/]$/.test(text.slice(at - 1, at))) return undefined
    const end = at + mark.length + digits[0].length
    const number = digits[0].replace(/[.,]/g, '').replace(/^0+(?=\d)/, '')
    const slashed = match(actYear, text, end)
    if (slashed !== undefined) {
      const year = slashed[1] ?? ''
      const full = year.length === 4 ? year : Number(year) < 60 ? `20${year}` : `19${year}`
      const yearEnd = end + slashed[0].length
      const suffix = match(agencySuffix, text, yearEnd)?.[0].length ?? 0
      return { readings: [{ kind: 'act', value: `${number}/${full}`, unit: type }], end: yearEnd + suffix }
    }
    const suffix = match(agencySuffix, text, end)?.[0].length ?? 0
    const year = match(dated, text, end + suffix)?.[1]
    return {
      readings: [{ kind: 'act', value: year === undefined ? number : `${number}/${year}`, unit: type }],
      end: end + suffix,
    }
  }
  return undefined
}

const norms = new Set(['nbr', 'iec', 'iso', 'en', 'ul', 'ieee', 'astm', 'abnt', 'nr', 'ntc', 'inmetro'])
const normNumber =
  /(?:[\s/-]+(?:NBR|IEC|ISO|EN|TS|TR|NM|IEEE)(?![\p{L}]))*[\s-]+(?:[Nn][ºo°]\.?\s*|Std\.?\s*)?(\d{1,3}(?:\.\d{3})+|\d{2,6})((?:[-.]\d{1,3}){0,3})(?:[:/]((?:19|20)\d{2})|-((?:19|20)\d{2}))?(?![\d\p{L}])/uy

/** A norm: `ABNT NBR 16274:2014`, `IEC 61730-1`, `IEEE 1547-2018`. */
function normAt(text: string, written: string, start: number): Found | undefined {
  if (written !== written.toUpperCase()) return undefined
  const found = match(normNumber, text, start + written.length)
  if (found === undefined) return undefined
  const part = found[2] ?? ''
  const partYear = /^-((?:19|20)\d{2})$/.exec(part)?.[1]
  const year = found[3] ?? found[4] ?? partYear
  const number = (found[1] ?? '').replaceAll('.', '') + (partYear === undefined ? part : '')
  const type = `${written}${found[0].slice(0, found[0].search(/\d/))}`
    .replace(/ABNT/, '')
    .replace(/[^A-Z]+/g, ' ')
    .trim()
    .split(' ')[0]
  const value = year === undefined ? number : `${number}/${year}`
  return {
    readings: [{ kind: 'act', value, unit: (type || 'norm').toLowerCase() }],
    end: start + written.length + found[0].length,
  }
}

/** Names of provisions and what they count as. English has no settled words for `inciso` and `alínea`, nor for `§`: these count as one. */
const provisions: Readonly<Record<string, readonly string[]>> = {
  art: ['art'],
  arts: ['art'],
  artigo: ['art'],
  artigos: ['art'],
  article: ['art'],
  articles: ['art'],
  '§': ['par'],
  '§§': ['par'],
  parágrafo: ['par'],
  parágrafos: ['par'],
  paragraph: ['par', 'item'],
  paragraphs: ['par', 'item'],
  subsection: ['item', 'par', 'section'],
  subsections: ['item', 'par', 'section'],
  inciso: ['item'],
  incisos: ['item'],
  alínea: ['item'],
  alíneas: ['item'],
  item: ['item'],
  itens: ['item'],
  items: ['item'],
  clause: ['item', 'clause'],
  clauses: ['item', 'clause'],
  subparagraph: ['item', 'par'],
  subparagraphs: ['item', 'par'],
  letter: ['item'],
  point: ['item'],
  subitem: ['item'],
  subitems: ['item'],
  cláusula: ['clause', 'item'],
  cláusulas: ['clause', 'item'],
  anexo: ['annex'],
  anexos: ['annex'],
  annex: ['annex'],
  annexes: ['annex'],
  appendix: ['annex'],
  apêndice: ['annex'],
  attachment: ['annex'],
  capítulo: ['chapter'],
  capítulos: ['chapter'],
  chapter: ['chapter'],
  chapters: ['chapter'],
  título: ['title'],
  title: ['title'],
  seção: ['section'],
  seções: ['section'],
  subseção: ['section'],
  section: ['section', 'item', 'par'],
  sections: ['section', 'item', 'par'],
  equação: ['equation'],
  equações: ['equation'],
  equation: ['equation'],
  equations: ['equation'],
  eq: ['equation'],
  fórmula: ['equation'],
  formula: ['equation'],
  tabela: ['table'],
  tabelas: ['table'],
  table: ['table'],
  tables: ['table'],
  quadro: ['table'],
  figura: ['figure'],
  figuras: ['figure'],
  figure: ['figure'],
  figures: ['figure'],
  fig: ['figure'],
  módulo: ['module'],
  módulos: ['module'],
  module: ['module'],
  modules: ['module'],
  submódulo: ['module'],
  submódulos: ['module'],
  submodule: ['module'],
  submodules: ['module'],
}
const plural = /(?:s|§§|itens)$/

/** Whether a word (in small letters) names a provision. */
export function startsProvision(word: string): boolean {
  return Object.hasOwn(provisions, word)
}

const place =
  /\.?\s*(?:(?:n\s?\.?\s?[ºo°]|No\.)\s*)?[("“'‘«]?\s?(?:(\d{1,3}(?:\.\d{3})+(?!\d)|\d{1,5}(?:\.\d{1,3})*)(?:\s?[ºª°o](?![\p{L}]))?(-[A-Z](?![\p{L}]))?|((?:X{0,3})(?:IX|IV|V?I{0,3})|[XL]{1,4}(?:IX|IV|V?I{0,3}))(?![\p{L}\d])(-[A-Z](?![\p{L}]))?|([a-z])(?![\p{L}\d]))[)"”'’»]?/uy
const joint = /\s*(?:,|;|\be\b|\band\b|\ba\b|\bto\b|\bou\b|\bor\b|–|-)\s*/y
const more =
  /[("“'‘]?(?:(\d{1,4}(?:\.\d{1,3})*)(?:\s?[ºª°](?![\p{L}]))?(-[A-Z](?![\p{L}]))?|([IVXL]{1,6})(?![\p{L}\d])(-[A-Z])?|([a-z])(?=[)"”'’,]|\s+(?:e|and|do|da|of)\b))[)"”'’]?(?!\s?[%°]|\s?[kMG]?Wh?\b|\d|[.,/]\d|\s+(?:dias|days|meses|months|anos|years|de\s+\p{L}{3,9}\s+de))/uy

/** Provisions by their names: `art. 5º`, `§ 2º`, `inciso IV`, `Anexo II`; of a plural all that follow: `arts. 5º, 6º e 10`. */
export function provisionsAt(text: string, written: string, start: number): Array<Found & { start: number }> {
  const word = written.toLowerCase()
  const types = provisions[word] ?? []
  let after = start + written.length
  let many = plural.test(word)
  if (written === '§' && text[after] === '§') {
    after++
    many = true
  }
  const found = match(place, text, after)
  if (found === undefined || types.length === 0) return []
  const [whole, digits, suffix, roman, romanSuffix, letter] = found
  const type = types[0] ?? ''
  const short = /^(?:art|arts|eq|fig)$/.test(word)
  const value = placeValue(digits, suffix, roman, romanSuffix, letter)
  if (value === undefined) return []
  // `a table a` and `module 585 W` name no place; a letter needs a mark or a word that letters follow
  if (
    letter !== undefined &&
    (!types.includes('item') || word === 'item' || word === 'section') &&
    !/["“'‘(«)]/.test(whole)
  )
    return []
  if (letter !== undefined && word === 'point' && !/["“'‘(«)]/.test(whole)) return []
  if (!short && whole.startsWith('.')) return []
  if (!short && word !== '§' && !/^[\s("“]/.test(whole)) return []
  // a line that ends with the word, and a number on the next
  if (/\n/.test(whole)) return []
  const end = after + whole.length
  if (
    /^(?:module|módulo)s?$/.test(word) &&
    (Number(digits ?? 0) > 12 || /^\s?(?:%|[kMG]?W|V\b)/.test(text.slice(end, end + 4)))
  )
    return []
  if (
    /^(?:point|letter|item|items|table|title|article|articles)$/.test(word) &&
    /^\s?(?:%|[kMG]?Wh?\b|V\b)/.test(text.slice(end, end + 4))
  )
    return []
  const list = [{ readings: readingsOf(types, value), start, end }]
  let at = end
  for (let count = 0; many && count < 50; count++) {
    const join = match(joint, text, at)
    const following = join === undefined ? undefined : match(more, text, at + join[0].length)
    if (join === undefined || following === undefined) break
    const nextValue = placeValue(following[1], following[2], following[3], following[4], following[5])
    if (nextValue === undefined || (type !== 'item' && following[5] !== undefined)) break
    const from = at + join[0].length
    at = from + following[0].length
    list.push({
      readings: [...readingsOf(types, nextValue), { kind: 'number', value: nextValue }],
      start: from,
      end: at,
    })
  }
  return list
}

function readingsOf(types: readonly string[], value: string): Reading[] {
  return types.map((unit) => ({ kind: 'provision', value, unit }))
}

function placeValue(
  digits: string | undefined,
  suffix: string | undefined,
  roman: string | undefined,
  romanSuffix: string | undefined,
  letter: string | undefined,
): string | undefined {
  if (digits !== undefined) {
    const grouped = /^\d{1,3}(?:\.\d{3})+$/.test(digits)
      ? readDigits(digits, 'pt', { comma: false, point: false })[0]
      : digits
    return `${grouped ?? digits}${suffix ?? ''}`
  }
  if (roman !== undefined && roman !== '') return `${romanValue(roman)}${romanSuffix ?? ''}`
  return letter
}

const romanDigits: Readonly<Record<string, number>> = { I: 1, V: 5, X: 10, L: 50 }

function romanValue(roman: string): number {
  let total = 0
  for (let i = 0; i < roman.length; i++) {
    const value = romanDigits[roman[i] ?? ''] ?? 0
    total += value < (romanDigits[roman[i + 1] ?? ''] ?? 0) ? -value : value
  }
  return total
}
