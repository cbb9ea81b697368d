import * as calendar from './calendar.ts'
import { DISTRIBUTORS, type Distributor } from './distributors.ts'
import { hash } from './random.ts'

/**
 * The tariffs behind two datasets: tarifas prints TUSD and TE of each line, componentes splits the same amounts. Both ask
 * this book, so the components of a tariff add up to it.
 */

/** One kind of tariff: what a distributor has for every validity. */
export interface TariffLine {
  subgroup: string
  modality: string
  className: string
  subclass: string
  detail: string
  post: string
  unit: 'kW' | 'MWh'
  accessor: string
  /** Against the distributor's B1 tariff. */
  tusd: number
  te: number
}

const NONE = 'Não se aplica'
const lines: TariffLine[] = []

function add(
  subgroup: string,
  modality: string,
  unit: 'kW' | 'MWh',
  tusd: number,
  te: number,
  words: Partial<Pick<TariffLine, 'className' | 'subclass' | 'detail' | 'post' | 'accessor'>> = {},
): void {
  const plain = { className: NONE, subclass: NONE, detail: NONE, post: NONE, accessor: NONE }
  lines.push({ subgroup, modality, unit, tusd, te, ...plain, ...words })
}

const HOME = { className: 'Residencial', subclass: 'Residencial' }
const POSTS = [
  ['Ponta', 2.05, 1.6],
  ['Intermediário', 1.32, 0.96],
  ['Fora ponta', 0.78, 0.96],
] as const

add('B1', 'Convencional', 'MWh', 1, 1, HOME)
add('B1', 'Convencional', 'MWh', 0.74, 0.92, { ...HOME, subclass: 'Baixa Renda' })
for (const step of ['01', '02']) {
  add('B1', 'Convencional', 'MWh', 0.74, 0.92, { ...HOME, subclass: `Residencial Tarifa Social – faixa ${step}` })
  add('B1', 'Convencional', 'MWh', 0.81, 0.97, { ...HOME, subclass: `Residencial Desconto Social – faixa ${step}` })
}
add('B1', 'Convencional', 'MWh', 1, 1, { ...HOME, detail: 'SCEE' })
add('B1', 'Convencional pré-pagamento', 'MWh', 1, 1, HOME)
for (const [post, tusd, te] of POSTS) add('B1', 'Branca', 'MWh', tusd, te, { ...HOME, post })
for (const subclass of [NONE, 'Cooperativa de eletrificação rural', 'Serviço público de irrigação rural']) {
  add('B2', 'Convencional', 'MWh', 1, 1, { className: 'Rural', subclass })
}
add('B2', 'Convencional', 'MWh', 1, 1, { className: 'Rural', detail: 'SCEE' })
for (const [post, tusd, te] of POSTS) add('B2', 'Branca', 'MWh', tusd, te, { className: 'Rural', post })
add('B3', 'Convencional', 'MWh', 1, 1)
add('B3', 'Convencional', 'MWh', 1, 1, { detail: 'SCEE' })
for (const [post, tusd, te] of POSTS) add('B3', 'Branca', 'MWh', tusd, te, { post })
add('B4', 'Convencional', 'MWh', 0.55, 1, { className: 'Iluminação pública', subclass: 'B4a' })
add('B4', 'Convencional', 'MWh', 0.6, 1, { className: 'Iluminação pública', subclass: 'B4b' })
for (const [subgroup, size] of [
  ['A4', 1],
  ['AS', 1.25],
  ['A3a', 0.9],
  ['A3', 0.45],
  ['A2', 0.3],
] as const) {
  for (const detail of [NONE, 'SCEE', 'APE']) {
    for (const post of ['Ponta', 'Fora ponta'] as const) {
      add(subgroup, 'Azul', 'kW', size * (post === 'Ponta' ? 0.13 : 0.05), 0, { detail, post })
      add(subgroup, 'Azul', 'MWh', size * 0.26, post === 'Ponta' ? 1.6 : 0.96, { detail, post })
      if (subgroup !== 'A2' && subgroup !== 'A3') {
        add(subgroup, 'Verde', 'MWh', size * (post === 'Ponta' ? 3.1 : 0.26), post === 'Ponta' ? 1.6 : 0.96, {
          detail,
          post,
        })
      }
    }
    if (subgroup !== 'A2' && subgroup !== 'A3') add(subgroup, 'Verde', 'kW', size * 0.05, 0, { detail })
  }
  add(subgroup, 'Geração', 'kW', size * 0.025, 0, { detail: 'TIPO 01' })
}
add('B', 'Distribuição', 'MWh', 0.4, 0.9, { accessor: 'CEDRAP' })
add('A4', 'Distribuição', 'kW', 0.08, 0, { accessor: 'CEDRAP', post: 'Ponta' })

/** Every kind of tariff, the residential ones first. */
export const TARIFF_LINES: readonly TariffLine[] = lines
/** The two prices of a tariff: only the first may be billed. */
export const BASES = ['Tarifa de Aplicação', 'Base Econômica'] as const

/** One validity of one distributor's tariffs. */
export interface Period {
  distributor: Distributor
  /** Position of the distributor, for hashes. */
  position: number
  sigla: string
  start: number
  end: number
  act: string
  /** Differs between periods of the same start. */
  variant: number
}

/** The text of an act, in the spellings seen: `Nº` and `N°`, orders (despachos), corrections, and none. */
export function actText(h: number, signed: number): string {
  const number = 700 + ((h >>> 3) % 2900)
  const text = `${Math.floor(number / 1000)}.${String(number % 1000).padStart(3, '0')}`
  const kind = h % 400
  if (kind === 0) return ''
  if (kind < 3) return `DESPACHO Nº ${text}, DE ${calendar.inWords(signed)}`
  if (kind === 3) return `DSP RETIFICAÇÃO Nº ${text}, DE ${calendar.inWords(signed)}`
  return `RESOLUÇÃO HOMOLOGATÓRIA ${kind < 24 ? 'N°' : 'Nº'} ${text}, DE ${calendar.inWords(signed)}`
}

/** The day and month a distributor's tariffs change every year. */
function anniversary(position: number, year: number): number {
  if (position === 0) return calendar.day(year, 5, 28)
  const h = hash(91, position)
  return calendar.day(year, 1 + (h % 12), 1 + ((h >>> 8) % 28))
}

/**
 * The validities of the distributors, newest first, each distributor once before any of the next older year. On `today`
 * about three in ten have none (lapsed), a third have theirs split at New Year, one in twenty has two that overlap.
 */
export function* periods(today: number): Generator<Period, void, void> {
  for (let age = 0; ; age++) {
    for (const [position, distributor] of DISTRIBUTORS.entries()) yield* periodsOf(distributor, position, age, today)
  }
}

function* periodsOf(distributor: Distributor, position: number, age: number, today: number): Generator<Period> {
  const thisYear = calendar.parts(today).year
  const lapsed = position % 10 === 3 || position % 10 === 7 || position % 10 === 9
  let newest = anniversary(position, thisYear) <= today ? thisYear : thisYear - 1
  // A lapsed one must have ended before today: the one begun this year may still run.
  if (lapsed && newest === thisYear) newest--
  const year = newest - age
  const start = anniversary(position, year)
  const next = anniversary(position, year + 1) - 1
  const newYear = calendar.day(year + 1, 1, 1)
  const h = hash(92, position, year)
  const before = distributor.sigla === 'CELESC' && year < 2021 ? 'CELESC-DIS' : distributor.sigla
  const act = actText(h, start - 3 - (h % 9))
  const make = (from: number, to: number, variant: number): Period => ({
    distributor,
    position,
    sigla: before,
    start: from,
    end: to,
    act,
    variant,
  })
  if (lapsed && age === 0) yield make(start, Math.min(next, newYear - 1), 0)
  else if (position % 3 === 1 && newYear < next) {
    yield make(start, newYear - 1, 0)
    yield make(newYear, next, 1)
  } else {
    yield make(start, next, 0)
    if (position % 20 === 6 && newYear - 1 > start && newYear - 1 !== next) yield make(start, newYear - 1, 2)
  }
}

/** TUSD and TE of a line in a validity, in hundredths of R$ per unit. Zero in both means "not homologated". */
export function price(period: Period, line: TariffLine, base: number, year = 0): { tusd: number; te: number } {
  const h = hash(93 + year, period.position, period.start * 4 + period.variant)
  if (period.position % 4 === 3 && line.subclass.startsWith('Residencial Desconto Social')) return { tusd: 0, te: 0 }
  const economic = base === 0 ? 1 : 0.955
  const tusd = (36_000 + (h % 26_000)) * economic * line.tusd
  const te = (23_000 + ((h >>> 16) % 9000)) * (base === 0 ? 1 : 1.005) * line.te
  return { tusd: Math.round(tusd), te: Math.round(te) }
}
