import * as calendar from '../calendar.ts'
import { hundredths } from '../numbers.ts'
import { hash } from '../random.ts'
import { type Context, columns, noRepeats, oneFile, type Table } from '../table.ts'

/** Acts that set the adders, R$/MWh in hundredths: amarela, vermelha P1, vermelha P2. Older amounts are invented. */
const ACTS = [
  ['REH nº 1.859/2015', '2015-03-02', 2500, 5500, undefined],
  ['REH nº 2.016/2016', '2016-02-01', 1500, 3100, 4500],
  ['REH nº 2.203/2017', '2017-02-01', 2000, 3000, 3600],
  ['REH nº 2.392/2018', '2018-05-01', 1000, 3100, 5000],
  ['REH nº 2.551/2019', '2019-06-01', 1500, 4100, 6000],
  ['REH nº 2.628/2019', '2019-11-01', 1350, 4170, 6250],
  ['REH nº 2.888/2021', '2021-07-01', 1880, 3980, 9500],
  ['RES CREG nº 3/2021', '2021-09-01', undefined, undefined, undefined],
  ['REH nº 3.051/2022', '2022-07-01', 2990, 6510, 9800],
  ['REH nº 3.306/2024', '2024-04-01', 1885, 4463, 7877],
] as const
const SCARCITY = 14_200
const NAMES = ['Amarela', 'Vermelha P1', 'Vermelha P2'] as const
const FIRST_MONTH = calendar.dayOf('2015-01-01')

/** The adder of a flag in a month by the acts; undefined before the first act. */
function adder(month: number, flag: number): number | undefined {
  let found: number | undefined
  for (const [, from, ...amounts] of ACTS) if (calendar.dayOf(from) <= month) found = amounts[flag] ?? found
  return found
}

function actuation(context: Context): string[][] {
  const now = calendar.parts(context.published)
  // The next month is announced at the end of the current one.
  const months = (now.year - 2015) * 12 + now.month + (now.date >= 25 ? 1 : 0)
  const rows: string[][] = []
  for (let i = 0; i < months; i++) {
    const month = calendar.day(2015, 1 + i, 1)
    const { year } = calendar.parts(month)
    const scarcity = month >= calendar.dayOf('2021-09-01') && month < calendar.dayOf('2022-05-01')
    const draw = hash(7, i) % 10
    const flag = month === FIRST_MONTH || draw > 5 ? draw % 3 : undefined
    let name = 'Verde'
    let value = 0
    if (scarcity) {
      name = 'Escassez Hídrica'
      // One month printed half of the adder that was in force.
      value = calendar.iso(month) === '2022-04-01' ? SCARCITY / 2 : SCARCITY
    } else if (flag !== undefined && adder(month, flag) === undefined) {
      // Before the first act: a value with no resolution behind it.
      name = NAMES[1]
      value = 3000
    } else if (flag !== undefined) {
      name = NAMES[flag] ?? ''
      // A few months disagree with the act's amount, as in the real table.
      value = (adder(month, flag) ?? 0) + (year < 2018 && draw === 9 ? 500 : 0)
    }
    rows.push([context.generated, calendar.iso(month), name, hundredths(value)])
  }
  return rows
}

function adders(context: Context): string[][] {
  return ACTS.flatMap(([act, from, ...amounts]) => {
    if (calendar.dayOf(from) > context.published) return []
    if (act.startsWith('RES CREG')) return [[context.generated, act, from, 'Escassez Hídrica', hundredths(SCARCITY)]]
    return amounts.flatMap((amount, flag) =>
      amount === undefined ? [] : [[context.generated, act, from, NAMES[flag] ?? '', hundredths(amount)]],
    )
  })
}

const handMade = {
  hasQuotes: false,
  parts: oneFile,
  repeats: noRepeats,
  open: () => ({
    row: () => {
      throw new Error('a hand-made table has no rows by index')
    },
  }),
}

/** The flag of each month. A publication from the 25th on already has the next month. */
export const bandeiraAcionamento: Table = {
  ...handMade,
  columns: columns(
    'DatGeracaoConjuntoDados date',
    'DatCompetencia date',
    'NomBandeiraAcionada',
    'VlrAdicionalBandeira decimal 2',
  ),
  key: ['DatCompetencia'],
  whole: actuation,
}

/** The adders by act, R$/MWh. */
export const bandeiraAdicional: Table = {
  ...handMade,
  columns: columns(
    'DatGeracaoConjuntoDados date',
    'DscResolucao',
    'DatVigencia date',
    'NomBandeiraAcionada',
    'VlrAdicionalBandeiraRSMWh decimal 2',
  ),
  key: ['DatVigencia', 'NomBandeiraAcionada'],
  whole: adders,
}
