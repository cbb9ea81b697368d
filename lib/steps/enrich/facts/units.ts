/** Canonical units and how they are written. Case counts: `mW` is no `MW`; words and what is beyond doubt are also found in any case. */
const written: Readonly<Record<string, string>> = {
  R$: 'R$ BRL reais real',
  US$: 'US$ U$ USD dólares dólar dollars dollar',
  '€': '€ EUR euros euro',
  cent: 'centavos centavo cents',
  '%': '% percent pct',
  '‰': '‰',
  pp: 'p.p. pp p.p',
  bp: 'bps',
  W: 'W watts watt',
  kW: 'kW KW quilowatts quilowatt kilowatts kilowatt',
  MW: 'MW megawatts megawatt',
  GW: 'GW gigawatts gigawatt',
  TW: 'TW',
  mW: 'mW',
  MWmed: 'MWmed MWmédios MWm aMW MWavg',
  Wp: 'Wp wp WP',
  kWp: 'kWp KWp kwp KWP kWP',
  MWp: 'MWp MWP',
  GWp: 'GWp',
  Wac: 'Wac WAC Wca',
  kWac: 'kWac kWca kWAC',
  Wdc: 'Wdc Wcc WDC',
  kWdc: 'kWdc kWcc kWDC',
  Wh: 'Wh',
  kWh: 'kWh KWh kwh Kwh KWH quilowatts-hora quilowatt-hora kilowatt-hours kilowatt-hour',
  MWh: 'MWh MWH Mwh mwh megawatts-hora megawatt-hora megawatt-hours megawatt-hour',
  GWh: 'GWh GWH gigawatts-hora gigawatt-hora gigawatt-hours gigawatt-hour',
  TWh: 'TWh TWH',
  VA: 'VA',
  kVA: 'kVA KVA kva',
  MVA: 'MVA mva',
  var: 'var VAr VAR',
  kvar: 'kvar kVAr kVAR KVAR',
  Mvar: 'Mvar MVAr MVAR',
  kvarh: 'kvarh kVArh kVARh',
  V: 'V volts volt',
  mV: 'mV',
  kV: 'kV KV kv quilovolts quilovolt kilovolts kilovolt',
  Vdc: 'Vdc VDC Vcc VCC',
  Vac: 'Vac VAC Vca VCA',
  A: 'A ampères ampère amperes ampere amps amp',
  mA: 'mA',
  kA: 'kA KA',
  Adc: 'Adc ADC Acc',
  Aac: 'Aac AAC Aca',
  Ah: 'Ah AH',
  mAh: 'mAh',
  Ω: 'Ω Ω ohms ohm',
  kΩ: 'kΩ kΩ',
  MΩ: 'MΩ MΩ',
  Hz: 'Hz HZ hz hertz',
  kHz: 'kHz KHz',
  MHz: 'MHz',
  GHz: 'GHz',
  '°C': '°C ºC ˚C ℃',
  '°F': '°F ºF ˚F ℉',
  K: 'K kelvin kelvins',
  deg: '° ˚ graus grau degrees degree',
  mm: 'mm MM milímetros milímetro millimeters millimeter millimetres millimetre',
  cm: 'cm centímetros centímetro centimeters centimeter centimetres',
  m: 'm metros metro meters meter metres metre',
  km: 'km quilômetros quilômetro kilometers kilometer kilometres kilometre',
  inch: 'inches inch pol polegadas polegada',
  'm²': 'm²',
  'mm²': 'mm²',
  'cm²': 'cm²',
  'km²': 'km²',
  'm³': 'm³',
  'cm³': 'cm³',
  ha: 'ha hectares hectare',
  L: 'L litros litro liters liter litres litre',
  kg: 'kg Kg KG quilogramas quilograma quilos quilo kilograms kilogram',
  g: 'g gramas grama grams gram',
  lb: 'lb lbs pounds',
  t: 't toneladas tonelada tonnes tonne tons ton',
  tCO2: 'tCO2 tCO₂',
  tCO2e: 'tCO2e tCO2eq tCO₂e tCO₂eq',
  Pa: 'Pa',
  kPa: 'kPa',
  hPa: 'hPa',
  MPa: 'MPa',
  bar: 'bar',
  N: 'N',
  kN: 'kN',
  Nm: 'Nm',
  J: 'J',
  kJ: 'kJ',
  MJ: 'MJ',
  dB: 'dB',
  dBA: 'dBA',
  dBm: 'dBm',
  lm: 'lm lúmens lumens',
  lx: 'lx lux',
  rpm: 'rpm RPM',
  ppm: 'ppm',
  'p.u.': 'p.u. pu p.u',
  GB: 'GB',
  MB: 'MB',
  kB: 'kB KB',
  s: 's segundos seconds',
  ms: 'ms milissegundos milliseconds',
  µs: 'µs μs',
  min: 'min minutos minuto minutes minute mins',
  h: 'h hs hrs hr horas hora hours hour',
  d: 'dias dia days day',
  week: 'semanas semana weeks week',
  month: 'meses mês months month',
  year: 'anos ano years year',
  cell: 'células célula cells cell',
  phase: 'fases fase phases phase',
  string: 'strings string',
}

/** Units of several words: what follows the first word, and the unit. */
const phrases: ReadonlyArray<readonly [first: string, rest: RegExp, unit: string]> = [
  ['por', /\s+cento(?![\p{L}])/uy, '%'],
  ['per', /\s+cent(?![\p{L}])/uy, '%'],
  ['per', /\s+unit(?![\p{L}])(?!\s+of)/uy, 'p.u.'],
  ['por', /\s+unidade(?!\s*\p{L})/uy, 'p.u.'],
  ['pontos', /\s+percentua(?:is|l)(?![\p{L}])/uy, 'pp'],
  ['ponto', /\s+percentual(?![\p{L}])/uy, 'pp'],
  ['percentage', /[\s-]+points?(?![\p{L}])/uy, 'pp'],
  ['pontos-base', /(?![\p{L}])/uy, 'bp'],
  ['basis', /\s+points?(?![\p{L}])/uy, 'bp'],
  ['dias', /\s+úteis(?![\p{L}])/uy, 'workday'],
  ['dia', /\s+útil(?![\p{L}])/uy, 'workday'],
  ['business', /\s+days?(?![\p{L}])/uy, 'workday'],
  ['working', /\s+days?(?![\p{L}])/uy, 'workday'],
  ['dias', /\s+corridos(?![\p{L}])/uy, 'd'],
  ['calendar', /\s+days?(?![\p{L}])/uy, 'd'],
  ['consecutive', /\s+days?(?![\p{L}])/uy, 'd'],
  ['dias', /\s+consecutivos(?![\p{L}])/uy, 'd'],
  ['brazilian', /\s+rea(?:is|l)(?![\p{L}])/uy, 'R$'],
  ['mw', /\s+m[ée]di[oa]s?(?![\p{L}])/uy, 'MWmed'],
  ['mw', /\s+med(?![\p{L}])/uy, 'MWmed'],
  ['average', /\s+(?:MW|megawatts?)(?![\p{L}])/uy, 'MWmed'],
  ['megawatts', /\s+médios(?![\p{L}])/uy, 'MWmed'],
  ['megawatt', /\s+médio(?![\p{L}])/uy, 'MWmed'],
  ['quilowatts', /[\s-]+horas?(?![\p{L}])/uy, 'kWh'],
  ['quilowatt', /[\s-]+horas?(?![\p{L}])/uy, 'kWh'],
  ['megawatts', /[\s-]+horas?(?![\p{L}])/uy, 'MWh'],
  ['megawatt', /[\s-]+horas?(?![\p{L}])/uy, 'MWh'],
  ['gigawatts', /[\s-]+horas?(?![\p{L}])/uy, 'GWh'],
  ['gigawatt', /[\s-]+horas?(?![\p{L}])/uy, 'GWh'],
  ['kilowatt', /[\s-]+hours?(?![\p{L}])/uy, 'kWh'],
  ['megawatt', /[\s-]+hours?(?![\p{L}])/uy, 'MWh'],
  ['gigawatt', /[\s-]+hours?(?![\p{L}])/uy, 'GWh'],
  ['kw', /[·⋅]h(?![\p{L}])/uy, 'kWh'],
  ['graus', /\s+(?:celsius|centígrados)(?![\p{L}])/iuy, '°C'],
  ['grau', /\s+celsius(?![\p{L}])/iuy, '°C'],
  ['degrees', /\s+(?:celsius|centigrade|C)(?![\p{L}])/iuy, '°C'],
  ['degree', /\s+(?:celsius|centigrade|C)(?![\p{L}])/iuy, '°C'],
  ['metros', /\s+quadrados(?![\p{L}])/uy, 'm²'],
  ['metro', /\s+quadrado(?![\p{L}])/uy, 'm²'],
  ['square', /\s+met(?:er|re)s?(?![\p{L}])/uy, 'm²'],
  ['metros', /\s+cúbicos(?![\p{L}])/uy, 'm³'],
  ['cubic', /\s+met(?:er|re)s?(?![\p{L}])/uy, 'm³'],
  ['square', /\s+kilomet(?:er|re)s?(?![\p{L}])/uy, 'km²'],
  ['quilômetros', /\s+quadrados(?![\p{L}])/uy, 'km²'],
  ['v', /\s?(?:dc|cc)(?![\p{L}])/iuy, 'Vdc'],
  ['v', /\s?(?:ac|ca)(?![\p{L}])/iuy, 'Vac'],
  ['a', /\s?(?:dc|cc)(?![\p{L}])/iuy, 'Adc'],
  ['°', /\s[CK](?![\p{L}])/uy, '°C'],
  ['º', /\sC(?![\p{L}])/uy, '°C'],
  ['˚', /\sC(?![\p{L}])/uy, '°C'],
]

const exact = new Map<string, string>()
const anyCase = new Map<string, string>()
for (const [unit, names] of Object.entries(written)) {
  for (const name of names.split(' ')) {
    exact.set(name, unit)
    // letters that are words themselves (`a`, `s`, `m`) or mean another prefix are left to their exact form
    if (name.length >= 3) anyCase.set(name.toLowerCase(), anyCase.get(name.toLowerCase()) ?? unit)
  }
}
const byFirst = new Map<string, Array<readonly [RegExp, string]>>()
for (const [first, rest, unit] of phrases) byFirst.set(first, [...(byFirst.get(first) ?? []), [rest, unit]])

/** A unit and where it ends. */
export interface FoundUnit {
  unit: string
  end: number
}

const token =
  /[°º˚][CF](?![\p{L}])|[%‰℃℉°˚€]|p\.\s?[pu]\.|R\$|US?\$|tCO[2₂](?:eq?)?(?![\p{L}])|[\p{L}Ω]+(?:-horas?|-hours?|-base)?/uy
const raised = /[²³]|\^?[23](?![\d.,]*\d)/y
const across = /\s?\/\s?|\s+(?:por|per|ao|à|a|an)\s+/uy
const yearly = /\s?(?:a\.\s?a\.|p\.\s?a\.)/y
const monthly = /\s?a\.\s?m\./y

/** Words that make a rate with `ao`, `à`, `a`: `5 % ao mês`, `R$ 50 a month`. */
const spans = new Set(['month', 'year', 'd', 'h', 'week', 's', 'min'])

/** The unit that begins at a place, with what it is divided by: `R$/kWh`, `%/°C`, `kWh/m²/d`, `reais por quilowatt-hora`. */
export function unitAt(text: string, at: number): FoundUnit | undefined {
  const first = simpleUnit(text, at)
  if (first === undefined) return undefined
  let { unit, end } = first
  for (let parts = 0; parts < 3; parts++) {
    if (unit === '%') {
      const rate = match(yearly, text, end) ?? match(monthly, text, end)
      if (rate !== undefined) return { unit: /m\.$/.test(rate[0]) ? '%/month' : '%/year', end: end + rate[0].length }
    }
    const below = perAt(text, end)
    if (below === undefined) break
    unit = `${unit}/${below.unit === 'K' && unit !== 'W' ? '°C' : below.unit}`
    end = below.end
  }
  return { unit, end }
}

/** What a value is divided by, after it: `/kWh`, ` por mês`, ` a month`. */
export function perAt(text: string, at: number): FoundUnit | undefined {
  const slash = match(across, text, at)
  const below = slash === undefined ? undefined : simpleUnit(text, at + slash[0].length)
  if (slash === undefined || below === undefined) return undefined
  if (/^\s+(?:ao|à|an?)\s/u.test(slash[0]) && !spans.has(below.unit)) return undefined
  return below
}

function simpleUnit(text: string, at: number): FoundUnit | undefined {
  const found = match(token, text, at)
  if (found === undefined) return undefined
  const name = found[0]
  const end = at + name.length
  const lower = name.toLowerCase()
  for (const [rest, unit] of byFirst.get(lower) ?? []) {
    if ((lower === 'v' || lower === 'a' || lower === 'mw') && name !== name.toUpperCase()) continue
    const more = match(rest, text, end)
    if (more !== undefined) return { unit, end: end + more[0].length }
  }
  const unit = exact.get(name) ?? exact.get(name.replace(/\s/g, '')) ?? anyCase.get(lower)
  if (unit === undefined) return undefined
  if (unit === 'm' || unit === 'mm' || unit === 'cm' || unit === 'km' || unit === 's') {
    const power = match(raised, text, end)
    if (power !== undefined) return { unit: `${unit}${/3|³/.test(power[0]) ? '³' : '²'}`, end: end + power[0].length }
  }
  // `10 VAC` is a unit, `10 A3` is none
  return /\p{L}$/u.test(name) && /\d/.test(text[end] ?? '') ? undefined : { unit, end }
}

/** A match at a place, for patterns with the flag `y`. */
export function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}

/** Units that are symbols, which may stand alone in the head of a table, and no everyday words. */
const symbols = new Set([...exact.keys()].filter((name) => /[$/%°²³€A-ZΩµ]/.test(name)))

/** Whether a word is the symbol of a unit. */
export function isSymbol(written: string): boolean {
  return symbols.has(written)
}

const prefixed: Readonly<Record<string, readonly [base: string, power: number]>> = Object.fromEntries(
  ['W', 'Wp', 'Wh', 'V', 'VA', 'var', 'A', 'Hz', 'Ω', 'Pa', 'J', 'N', 'Ah', 'Wac', 'Wdc'].flatMap((base) =>
    (
      [
        ['m', -3],
        ['', 0],
        ['k', 3],
        ['M', 6],
        ['G', 9],
        ['T', 12],
      ] as const
    ).map(([prefix, power]) => [prefix + base, [base, power] as const] as const),
  ),
)

/** The unit without its SI prefix and the power of ten that the prefix stands for: `kWh` is `Wh` and 3. */
export function withoutPrefix(unit: string): readonly [base: string, power: number] | undefined {
  const lengths: Readonly<Record<string, readonly [string, number]>> = {
    mm: ['m', -3],
    cm: ['m', -2],
    m: ['m', 0],
    km: ['m', 3],
    g: ['g', 0],
    kg: ['g', 3],
    t: ['g', 6],
  }
  return prefixed[unit] ?? lengths[unit]
}
