import * as calendar from '../calendar.ts'
import { CASES } from '../distributors.ts'
import { hundredths } from '../numbers.ts'

/**
 * Hand-made distributors at the start of every tarifas file: the situations of the real file that a rule for "the tariff
 * of a day" must decide, each with the answer. The rule is the published one: of the rows that cover the day, the latest
 * start; then the latest act by date; then the shortest validity. Amounts are invented.
 */
export interface TariffCase {
  /** What is special about it. */
  name: string
  cnpj: string
  /** Civil date, `YYYY-MM-DD`. */
  day: string
  /** The residential application tariff (B1, Convencional) of that day in R$/MWh; null when none covers it. */
  expected: { tusd: string; te: string; act: string } | null
}

const NONE = 'Não se aplica'
const act = (number: string, signed: number): string =>
  `RESOLUÇÃO HOMOLOGATÓRIA Nº ${number}, DE ${calendar.inWords(signed)}`

interface Validity {
  act: string
  sigla: string
  cnpj: string
  start: number
  end: number
  tusd: number
  te: number
}

function validities(today: number): { list: Validity[]; cases: TariffCase[] } {
  const year = calendar.parts(today).year
  const d = calendar.day
  const { ceraca, cea, cernhe, rge, ceres } = CASES
  const overlap = act('3.537', d(year - 1, 9, 23))
  // The later act has the smaller number on purpose: numbers do not order in time.
  const first = act('3.101', d(year - 1, 11, 23))
  const second = act('2.979', d(year - 1, 12, 13))
  const lapsed = act('3.503', d(year - 1, 7, 22))
  const before = act('3.385', d(year - 1, 6, 17))
  const after = act('3.452', d(year, 6, 16))
  const list: Validity[] = [
    { ...ceraca, act: overlap, start: d(year - 1, 9, 30), end: d(year, 9, 29), tusd: 55_030, te: 23_020 },
    { ...ceraca, act: overlap, start: d(year - 1, 9, 30), end: d(year - 1, 12, 31), tusd: 70_110, te: 23_020 },
    { ...cea, act: first, start: d(year - 1, 11, 30), end: d(year, 12, 16), tusd: 43_150, te: 10_840 },
    { ...cea, act: second, start: d(year - 1, 11, 30), end: d(year, 12, 16), tusd: 36_260, te: 14_270 },
    { ...cernhe, act: lapsed, start: d(year - 1, 7, 30), end: d(year - 1, 12, 31), tusd: 58_670, te: 17_950 },
    {
      ...rge,
      sigla: rge.before,
      act: before,
      start: d(year - 1, 6, 19),
      end: d(year, 6, 18),
      tusd: 31_520,
      te: 27_480,
    },
    { ...rge, act: after, start: d(year, 6, 19), end: d(year + 1, 6, 18), tusd: 33_410, te: 28_190 },
    {
      ...ceres,
      act: act('0.951', d(year - 1, 3, 16)),
      start: d(year - 1, 3, 22),
      end: d(year + 1, 3, 21),
      tusd: 0,
      te: 0,
    },
  ]
  const price = (tusd: number, te: number, text: string) => ({ tusd: hundredths(tusd), te: hundredths(te), act: text })
  const cases: TariffCase[] = [
    {
      name: 'two validities of one act and start: the shorter one while it lasts',
      cnpj: ceraca.cnpj,
      day: `${year - 1}-11-15`,
      expected: price(70_110, 23_020, overlap),
    },
    {
      name: 'two validities of one act and start: the longer one afterwards',
      cnpj: ceraca.cnpj,
      day: `${year}-03-01`,
      expected: price(55_030, 23_020, overlap),
    },
    {
      name: 'two acts for one validity: the later by date, whatever its number',
      cnpj: cea.cnpj,
      day: `${year}-03-01`,
      expected: price(36_260, 14_270, second),
    },
    { name: 'lapsed: none covers the day', cnpj: cernhe.cnpj, day: `${year}-03-01`, expected: null },
    { name: 'last day of a validity', cnpj: rge.cnpj, day: `${year}-06-18`, expected: price(31_520, 27_480, before) },
    {
      name: 'first day of the next, under another sigla',
      cnpj: rge.cnpj,
      day: `${year}-06-19`,
      expected: price(33_410, 28_190, after),
    },
  ]
  return { list, cases }
}

/** The cases with their answers, for a file whose publication 0 is of `today` (`YYYY-MM-DD`). */
export function tariffCases(today: string): TariffCase[] {
  return validities(calendar.dayOf(today)).cases
}

/** The rows of the cases: each validity in both price bases. */
export function caseRows(today: number, generated: string): string[][] {
  return validities(today).list.flatMap((validity) =>
    [1, 0.96].map((factor, base) => [
      generated,
      validity.act,
      validity.sigla,
      validity.cnpj,
      calendar.iso(validity.start),
      calendar.iso(validity.end),
      base === 0 ? 'Tarifa de Aplicação' : 'Base Econômica',
      'B1',
      'Convencional',
      'Residencial',
      'Residencial',
      NONE,
      NONE,
      'MWh',
      NONE,
      hundredths(Math.round(validity.tusd * factor)),
      hundredths(Math.round(validity.te * factor)),
    ]),
  )
}
