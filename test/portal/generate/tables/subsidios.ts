import * as calendar from '../calendar.ts'
import { DISTRIBUTORS } from '../distributors.ts'
import { binaryNoise } from '../numbers.ts'
import { hash, mix, pick } from '../random.ts'
import { columns, noRepeats, oneFile, type Table } from '../table.ts'

const AMOUNTS = ['Previsão', 'Ajuste', 'Total'] as const
/** `Total` is a kind beside the others: summing all of them counts twice, and again over the amounts. */
const KINDS = [
  'Água-esgoto-saneamento',
  'Consumidor Fonte Incentivada',
  'Distribuidora',
  'Geração Fonte Incentivada',
  'Irrigação e Aquicultura',
  'Rural',
  'SCEE',
  'Total',
] as const
const PER_MONTH = AMOUNTS.length * KINDS.length
/** Months after publication that are already homologated. */
const AHEAD = 10

/**
 * Subsidies paid through the tariff, by month. Quirks: DD/MM/YYYY in every date but the first column, zero is `0`, binary
 * noise, negative adjustments, months ahead, and orders whose signature date is years before what they rule.
 */
export const subsidios: Table = {
  columns: columns(
    'DatGeracaoConjuntoDados date',
    'DatSubsidio date',
    'NumCNPJDistribuidora cnpj',
    'SigAgente',
    'NomAgente',
    'DscTipoMontante',
    'DscTipoSubsidio',
    'VlrSubsidio decimal 2',
    'DscAtoNormativo',
    'NumAto',
    'DatAssinaturaAto date',
    'DatInicioVigenciaAto date',
    'DatFimVigenciaAto date',
    'DthPublicacaoAto date',
  ),
  key: ['NumCNPJDistribuidora', 'DatSubsidio', 'DscTipoMontante', 'DscTipoSubsidio'],
  hasQuotes: false,
  parts: oneFile,
  repeats: noRepeats,
  open({ seed, today, generated }) {
    const { year, month } = calendar.parts(today)
    const value = (index: number, amount: number, kind: number): number => {
      const h = hash(seed, index - (index % PER_MONTH) + amount * KINDS.length + kind)
      if (h % 3 === 0) return 0
      const size = (mix(h) % 240_000_000) / 100
      return amount === 1 ? size / 4 - 200_000 : size
    }
    const kindsOf = (index: number, amount: number): number => {
      let sum = 0
      for (let kind = 0; kind < KINDS.length - 1; kind++) sum += value(index, amount, kind)
      return sum
    }
    return {
      row(index, revision) {
        const kind = index % KINDS.length
        const amount = Math.floor(index / KINDS.length) % AMOUNTS.length
        const line = Math.floor(index / PER_MONTH)
        const distributor = pick(DISTRIBUTORS, line)
        const back = Math.floor(line / DISTRIBUTORS.length) - AHEAD
        const when = calendar.day(year, month - back, 1)
        const of = (which: number) => (kind === KINDS.length - 1 ? kindsOf(index, which) : value(index, which, kind))
        const total = amount === 2 ? of(0) + of(1) : of(amount)
        const order = line % 9 === 4
        const starts = when - (when % 365)
        const signed = order ? calendar.dayOf('2009-09-02') : starts - 10
        return [
          generated,
          calendar.brazilian(when),
          distributor.cnpj,
          distributor.shortName,
          distributor.name,
          AMOUNTS[amount] ?? '',
          KINDS[kind] ?? '',
          binaryNoise(total + revision * 1000.5),
          order ? 'DSP - DESPACHO' : 'REH - RESOLUÇÃO HOMOLOGATÓRIA',
          String(2000 + (hash(3, line) % 1500)),
          calendar.brazilian(signed),
          calendar.brazilian(starts),
          calendar.brazilian(starts + 364),
          calendar.brazilian(signed + 1),
        ]
      },
    }
  },
}
