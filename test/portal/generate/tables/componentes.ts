import * as calendar from '../calendar.ts'
import { binaryNoise } from '../numbers.ts'
import { pick } from '../random.ts'
import { columns, type Table } from '../table.ts'
import { BASES, type Period, periods, price, TARIFF_LINES, type TariffLine } from '../tariff-book.ts'

/** Shares of TUSD; what is left over goes to the last, so that the parts add up to the total. */
const TUSD_PARTS = [
  ['TUSD_FioB', 0.46],
  ['TUSD_FR', 0.043],
  ['TUSD_RB', 0.121],
  ['TUSD_CCT', 0.011],
  ['TUSD_CCD', 0.004],
  ['TUSD_CUSD', 0.002],
  ['TUSD_PT', 0.062],
  ['TUSD_PNT', 0.051],
  ['TUSD_Per_RB_D', 0.009],
  ['TUSD_RI', 0.007],
  ['TUSD_PROINFA', 0.021],
  ['TUSD_TFSEE', 0.003],
  ['TUSD_PeD', 0.008],
  ['TUSD_ONS', 0],
  ['TUSD_CDE', -1],
] as const
const TE_PARTS = [
  ['TE_TRANSPORTE_ITAIPU', 0.021],
  ['TE_TUST_ITAIPU', 0.006],
  ['TE_Per_RB', 0.017],
  ['TE_CFURH', 0.013],
  ['TE_ENERGIA', -1],
] as const
/** What TUSD_ONS is on every line: so small that the portal prints it as `8,9999999999999995E-9`. */
const ONS = 9e-9

type Component = (tusd: number, te: number) => number
function makers(): Map<string, Component> {
  const all = new Map<string, Component>([
    ['TUSD', (tusd) => tusd],
    ['TE', (_, te) => te],
  ])
  const split = (list: readonly (readonly [string, number])[], total: (tusd: number, te: number) => number) => {
    let known = 0
    for (const [name, share] of list) {
      if (share > 0) {
        known += share
        all.set(name, (tusd, te) => Math.round(total(tusd, te) * share * 1e9) / 1e9)
      } else if (share === 0) all.set(name, () => ONS)
      else {
        const rest = 1 - known
        all.set(name, (tusd, te) => Math.round(total(tusd, te) * rest * 1e9) / 1e9)
      }
    }
  }
  split(TUSD_PARTS, (tusd) => tusd)
  split(TE_PARTS, (_, te) => te)
  return all
}
const COMPONENTS = makers()
/** On a kW line there is no energy, so no TE and none of its parts. */
const OF_MWH = [...COMPONENTS.keys()]
const OF_KW = OF_MWH.filter((name) => !name.startsWith('TE'))

/** A validity in this file, and the salt of its amounts: one carried over from the year before has other ones. */
interface Entry {
  period: Period
  salt: number
}

/** Validities that begin in the part's year, then some of the year before whose amounts differ from that year's file. */
function entriesOf(today: number, year: number): Entry[] {
  const own: Entry[] = []
  const carried: Entry[] = []
  for (const period of periods(today)) {
    const begun = calendar.parts(period.start).year
    if (begun === year) own.push({ period, salt: 0 })
    else if (begun === year - 1 && period.position % 8 === 5) carried.push({ period, salt: 1 })
    if (begun < year - 3) break
  }
  return [...own, ...carried]
}

/**
 * Componentes tarifárias, a file a year. Quirks: other column names than tarifas for the same things, R$ in the unit,
 * 17 significant digits with binary noise, scientific notation, and validities that stand in two years' files with
 * different amounts.
 */
export const componentes: Table = {
  columns: columns(
    'DatGeracaoConjuntoDados date',
    'DscResolucaoHomologatoria',
    'SigNomeAgente',
    'NumCPFCNPJ cnpj',
    'DatInicioVigencia date',
    'DatFimVigencia date',
    'DscBaseTarifaria',
    'DscSubGrupoTarifario',
    'DscModalidadeTarifaria',
    'DscClasseConsumidor',
    'DscSubClasseConsumidor',
    'DscDetalheConsumidor',
    'DscPostoTarifario',
    'DscUnidade',
    'SigNomeAgenteAcessante',
    'DscComponenteTarifario',
    'VlrComponenteTarifario decimal 9',
  ),
  key: [
    'NumCPFCNPJ',
    'DatInicioVigencia',
    'DatFimVigencia',
    'DscBaseTarifaria',
    'DscSubGrupoTarifario',
    'DscModalidadeTarifaria',
    'DscClasseConsumidor',
    'DscSubClasseConsumidor',
    'DscDetalheConsumidor',
    'DscPostoTarifario',
    'DscUnidade',
    'SigNomeAgenteAcessante',
    'DscComponenteTarifario',
  ],
  hasQuotes: false,
  parts: (today) => {
    const { year } = calendar.parts(today)
    return [String(year), String(year - 1)]
  },
  // 192 equal and 13 conflicting repeats in the file of 2022.
  repeats: (rows) => (rows < 60 ? 0 : Math.max(2, Math.round((rows * 205) / 3_000_000))),
  open(context) {
    const year = Number(context.part)
    const entries = entriesOf(context.today, year)
    if (entries.length === 0) throw new RangeError(`componentes: no tariff begins in ${context.part}`)
    // Line by line, in each line distributor by distributor: a small file has the residential tariff of many.
    const groups: { line: TariffLine; base: number; names: readonly string[]; first: number }[] = []
    let first = 0
    for (const line of TARIFF_LINES) {
      for (const base of [0, 1, 2]) {
        const names = line.unit === 'kW' ? OF_KW : OF_MWH
        groups.push({ line, base, names, first })
        first += names.length * entries.length
      }
    }
    const lap = first
    const make = (index: number, more: number, act?: string): string[] => {
      const rest = index % lap
      let low = 0
      let high = groups.length
      while (high - low > 1) {
        const middle = (low + high) >> 1
        if (pick(groups, middle).first <= rest) low = middle
        else high = middle
      }
      const { line, base, names, first: from } = pick(groups, low)
      const { period, salt } = pick(entries, Math.floor((rest - from) / names.length))
      const name = pick(names, rest - from)
      // A file larger than a year's tariffs goes on with accessors, which the key has.
      const round = Math.floor(index / lap)
      const { tusd, te } = price(period, line, base === 1 ? 1 : 0, salt)
      const share = base === 2 ? 0.03 : 1
      const component = COMPONENTS.get(name)
      if (component === undefined) throw new RangeError(name)
      return [
        context.generated,
        act ?? period.act,
        period.sigla,
        period.distributor.cnpj,
        calendar.iso(period.start),
        calendar.iso(period.end),
        base === 2 ? 'CVA' : (BASES[base] ?? ''),
        line.subgroup,
        line.modality,
        line.className,
        line.subclass,
        line.detail,
        line.post,
        `R$/${line.unit}`,
        round === 0 ? line.accessor : `ACESSANTE ${round}`,
        name,
        binaryNoise(component((tusd * share) / 100, (te * share) / 100) + more),
      ]
    }
    return {
      row: (index, revision) => make(index, revision * 1.25),
      repeat: (index, ordinal) =>
        ordinal % 8 === 1 ? make(index, 3.5, 'DESPACHO Nº 0.001, DE 5 DE JANEIRO DE 2026') : make(index, 0),
    }
  },
}
