import * as calendar from '../calendar.ts'
import { hundredths } from '../numbers.ts'
import { hash, pick } from '../random.ts'
import { columns, oneFile, type Table } from '../table.ts'
import { actText, BASES, type Period, periods, price, TARIFF_LINES, type TariffLine } from '../tariff-book.ts'
import { caseRows } from './tariff-cases.ts'

/** Rows that a validity has: every line in both price bases. */
const PER_PERIOD = TARIFF_LINES.length * BASES.length
/** The hand-made cases: eight validities in both bases. */
const CASE_ROWS = 16

/**
 * Tarifas homologadas. Quirks: TE is zero on kW rows, `,00` in both means not homologated, an en dash in the social
 * subclasses, two acts or none on one key, overlapping and lapsed validities.
 */
export const tarifas: Table = {
  columns: columns(
    'DatGeracaoConjuntoDados date',
    'DscREH',
    'SigAgente',
    'NumCNPJDistribuidora cnpj',
    'DatInicioVigencia date',
    'DatFimVigencia date',
    'DscBaseTarifaria',
    'DscSubGrupo',
    'DscModalidadeTarifaria',
    'DscClasse',
    'DscSubClasse',
    'DscDetalhe',
    'NomPostoTarifario',
    'DscUnidadeTerciaria',
    'SigAgenteAcessante',
    'VlrTUSD decimal 2',
    'VlrTE decimal 2',
  ),
  key: [
    'NumCNPJDistribuidora',
    'DatInicioVigencia',
    'DatFimVigencia',
    'DscBaseTarifaria',
    'DscSubGrupo',
    'DscModalidadeTarifaria',
    'DscClasse',
    'DscSubClasse',
    'DscDetalhe',
    'NomPostoTarifario',
    'DscUnidadeTerciaria',
    'SigAgenteAcessante',
  ],
  hasQuotes: false,
  untouched: CASE_ROWS,
  parts: oneFile,
  // 870 keys in 328,293 rows, seen on 2026-10-02; at least two, so that small files have one of each kind.
  repeats: (rows) => (rows < 60 ? 0 : Math.max(2, Math.round((rows * 870) / 328_293))),
  open(context) {
    const cases = caseRows(context.today, context.generated)
    const known: Period[] = []
    const source = periods(context.today)
    const find = (index: number): [Period, TariffLine, number] => {
      const block = Math.floor(index / PER_PERIOD)
      while (known.length <= block) {
        const next = source.next()
        if (next.done === true) break
        known.push(next.value)
      }
      const rest = index % PER_PERIOD
      return [pick(known, block), pick(TARIFF_LINES, rest >> 1), rest & 1]
    }
    const make = (index: number, act: string | undefined, more: number): string[] => {
      const [period, line, base] = find(index)
      const { tusd, te } = price(period, line, base)
      return [
        context.generated,
        act ?? period.act,
        period.sigla,
        period.distributor.cnpj,
        calendar.iso(period.start),
        calendar.iso(period.end),
        BASES[base] ?? '',
        line.subgroup,
        line.modality,
        line.className,
        line.subclass,
        line.detail,
        line.post,
        line.unit,
        line.accessor,
        hundredths(tusd + more),
        hundredths(te),
      ]
    }
    return {
      row: (index, revision) => {
        const hand = cases[index]
        return hand ?? make(index - CASE_ROWS, undefined, revision * 117)
      },
      // One in three repeats has another act and value, the others are the same row again (as between 2010 and 2018).
      repeat: (index, ordinal) => {
        if (ordinal % 3 !== 0) return make(index - CASE_ROWS, undefined, 0)
        const [period] = find(index - CASE_ROWS)
        return make(index - CASE_ROWS, actText(hash(context.seed, ordinal) | 63, period.start + 20), 941)
      },
    }
  },
}
