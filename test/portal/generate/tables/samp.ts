import * as calendar from '../calendar.ts'
import { DISTRIBUTORS } from '../distributors.ts'
import { fixed } from '../numbers.ts'
import { hash, mix, pick } from '../random.ts'
import { columns, noRepeats, type Table } from '../table.ts'

const NONE = 'Não se aplica'
/** Market segments: modality, subgroup, class, subclass, post. The en dash is why the file is windows-1252. */
const SEGMENTS = [
  ['Convencional', 'B1', 'Residencial', 'Residencial', NONE],
  ['Convencional', 'B1', 'Residencial', 'Residencial baixa renda – faixa 03', NONE],
  ['Branca', 'B1', 'Residencial', 'Residencial', 'Intermediário'],
  ['Convencional', 'B2', 'Rural', NONE, NONE],
  ['Convencional', 'B3', 'Comercial', NONE, NONE],
  ['Convencional', 'B3', 'Industrial', NONE, NONE],
  ['Azul', 'A4', 'Comercial', NONE, 'Ponta'],
  ['Azul', 'A4', 'Comercial', NONE, 'Fora ponta'],
  ['Verde', 'A4', 'Poder público', NONE, 'Ponta'],
  ['Verde', 'A4', 'Industrial', NONE, 'Fora ponta'],
  ['Verde', 'A3a', 'Comercial', NONE, NONE],
] as const
const MARKETS = [
  'Regular',
  'Sistema de Compensação GD I',
  'Sistema de Compensação GD II',
  'Sistema de Compensação GD I - Refaturamento',
] as const
const MEASURES = [
  ['Energia TUSD (kWh)', 900_000],
  ['Energia TE (kWh)', 900_000],
  ['Demanda Faturada (kW)', 4000],
  ['Receita Demanda (R$)', 180_000],
  ['Número de consumidores', 9000],
  ['PIS/PASEP (R$)', 40_000],
  ['COFINS (R$)', 190_000],
  ['Energia debitada do SCEE (kWh)', 60_000],
] as const
const CELLS = SEGMENTS.length * MARKETS.length * MEASURES.length

/**
 * SAMP, the market each distributor reports by month, a file a year. Quirks: windows-1252, six decimals, negative
 * corrections, an accessor number of eleven digits padded with spaces, and CEMIG-D ten times too large in two months.
 */
export const samp: Table = {
  columns: columns(
    'DatGeracaoConjuntoDados date',
    'NumCNPJAgenteDistribuidora cnpj',
    'SigAgenteDistribuidora',
    'NomAgenteDistribuidora',
    'NomTipoMercado',
    'DscModalidadeTarifaria',
    'DscSubGrupoTarifario',
    'DscClasseConsumoMercado',
    'DscSubClasseConsumidor',
    'DscDetalheConsumidor',
    'IdeNucleoCeg',
    'NumCNPJAgenteAcessante',
    'NomAgenteAcessante',
    'DscPostoTarifario',
    'DscOpcaoEnergia',
    'DscDetalheMercado',
    'DatCompetencia date',
    'VlrMercado decimal 6',
  ),
  key: [
    'NumCNPJAgenteDistribuidora',
    'DatCompetencia',
    'NomTipoMercado',
    'DscModalidadeTarifaria',
    'DscSubGrupoTarifario',
    'DscClasseConsumoMercado',
    'DscSubClasseConsumidor',
    'DscDetalheConsumidor',
    'IdeNucleoCeg',
    'NumCNPJAgenteAcessante',
    'NomAgenteAcessante',
    'DscPostoTarifario',
    'DscOpcaoEnergia',
    'DscDetalheMercado',
  ],
  hasQuotes: false,
  parts: (today) => {
    const { year } = calendar.parts(today)
    return [String(year), String(year - 1)]
  },
  repeats: noRepeats,
  open({ seed, generated, part }) {
    const year = Number(part)
    return {
      row(index, revision) {
        const month = index % 12
        const cell = Math.floor(index / 12) % CELLS
        const rest = Math.floor(index / 12 / CELLS)
        const distributor = pick(DISTRIBUTORS, rest)
        // Past the last distributor the rows go on as those of plants.
        const plant = Math.floor(rest / DISTRIBUTORS.length)
        const [modality, subgroup, className, subclass, post] = pick(SEGMENTS, cell)
        const market = pick(MARKETS, Math.floor(cell / SEGMENTS.length))
        const [measure, size] = pick(MEASURES, Math.floor(cell / SEGMENTS.length / MARKETS.length))
        const h = mix(hash(seed, index))
        const wrong = rest === 0 && (month === 6 || month === 9) ? 10 : 1
        const negative = market.endsWith('Refaturamento') ? -1 : 1
        const cents = measure.endsWith('(R$)') ? h % 100 : 0
        const value = ((h % size) * 100 + cents) * wrong + revision * 700
        return [
          generated,
          distributor.cnpj,
          distributor.sigla,
          distributor.name,
          market,
          modality,
          subgroup,
          className,
          subclass,
          NONE,
          String(plant),
          '37121669900   ',
          NONE,
          post,
          'CATIVO',
          measure,
          calendar.iso(calendar.day(year, month + 1, 1)),
          fixed(negative * value * 10_000, 6),
        ]
      },
    }
  },
}
