import * as calendar from '../calendar.ts'
import { hundredths } from '../numbers.ts'
import { mix, pick } from '../random.ts'
import { columns, noRepeats, oneFile, type Table } from '../table.ts'
import { solarIndex, unit } from './mmgd.ts'

/** Rows at the top with no code and `Não há` everywhere, as in the real file. */
const CODELESS = 5
const MODULE_MAKERS = [
  'Canadian Solar',
  'CANADIAN SOLAR',
  'canadian Solar',
  'CANADIAN',
  'JINKO',
  'Jinko Solar',
  'TRINA SOLAR',
  'J A SOLAR',
  'JA Solar',
  'LONGI',
  'BYD',
  'Não há',
] as const
const MODULES = [
  'CS6K-265',
  '325W',
  'JKM550M-72HL4-V',
  'JAM72S30-545/MR',
  'AVP-250P  POLY-SI',
  'TSM-DE18M(II) 500',
  'LR5-72HPH-545M',
] as const
const INVERTER_MAKERS = ['FRONIUS', 'Fronius', 'GROWATT', 'ABB', 'SUNGROW', 'Deye', 'DEYE', 'REFUSOL', 'WEG'] as const
const INVERTERS = [
  'SYMO',
  'Fronius Primo 5.0-1',
  'MIN 5000TL-X',
  'IP65',
  'SUN2000-5KTL',
  'PVI-3.0-TL-OUTD',
  'SIW200G M050',
] as const

/** Free text nobody checks: a line break, the delimiter, a double quote, and the C1 byte of a cp1252 dash. */
function model(plain: string, rare: number): string {
  if (rare === 123) return `${plain}\nBIFACIAL`
  if (rare === 223) return `${plain};${plain}`
  if (rare === 323) return `${plain} \u0096 450W`
  if (rare === 423) return `PAINEL 72" ${plain}`
  return plain
}

/**
 * Technical data of photovoltaic units; joins the registry by code. Besides the model texts it has absurd sizes (a
 * distributor's 800,000 modules on a roof).
 */
export const fotovoltaica: Table = {
  columns: columns(
    'DatGeracaoConjuntoDados date',
    'CodGeracaoDistribuida',
    'MdaAreaArranjo decimal 2',
    'MdaPotenciaInstalada decimal 2',
    'NomFabricanteModulo',
    'NomFabricanteInversor',
    'DatConexao date 2000',
    'MdaPotenciaModulos decimal 2',
    'MdaPotenciaInversores decimal 2',
    'QtdModulos integer',
    'NomModeloModulo',
    'NomModeloInversor',
  ),
  key: ['CodGeracaoDistribuida'],
  hasQuotes: true,
  family: 'mmgd',
  untouched: CODELESS,
  parts: oneFile,
  repeats: noRepeats,
  open({ seed, today, generated }) {
    return {
      row(index, revision) {
        const codeless = index < CODELESS
        const { h, code, connected, power } = unit(seed, codeless ? index + 1 : solarIndex(index - CODELESS), today)
        const h2 = mix(h + 3)
        const rare = index % 1000
        const none = 'Não há'
        const count = (rare === 17 ? 800_000 : Math.max(1, Math.round(power / 55))) + revision
        return [
          generated,
          codeless ? '' : code,
          hundredths(rare === 17 ? 97_717_700 : Math.round(power * 4.3)),
          hundredths(power),
          codeless ? none : pick(MODULE_MAKERS, h2),
          codeless ? none : pick(INVERTER_MAKERS, h2 >>> 4),
          calendar.iso(connected),
          hundredths(Math.round(power * (1 + (h2 % 30) / 100))),
          hundredths(power),
          String(count),
          codeless ? none : model(pick(MODULES, h2 >>> 8), rare),
          codeless ? none : pick(INVERTERS, h2 >>> 12),
        ]
      },
    }
  },
}
