import * as calendar from '../calendar.ts'
import { DISTRIBUTORS, type Distributor } from '../distributors.ts'
import { hundredths } from '../numbers.ts'
import { hash, mix, pick } from '../random.ts'
import { columns, noRepeats, oneFile, type Table } from '../table.ts'

/** Codes are case-sensitive: `DEC`, `Dec1`, `DECi` and `Decr` are four indicators. Texts have the real ones' typos. */
const INDICATORS = [
  ['DEC', 'Duração Equivalente de Interrupção por Unidade Consumidora - 3 Min.'],
  ['FEC', 'Freqüência Equivalente de Interrupção por Unidade Consumidora - 3 Min.'],
  ['Dec1', 'Duração Equivalente de Interrupção por Unidade Consumidora - 1 Min.'],
  ['Fec1', 'Freqüencia Equivalente de Interrupção por Unidade Consumidora - 1 Min.'],
  ['DECi', 'Duração Equivalente de Interrupção por Unid. Cons. Decor. Rede Própia - 3 Min.'],
  ['Decr', 'Duração Equivalente de Interrupção por Unidade Consumidora (Racion.)- 3 Min.'],
  ['DECINC', 'DEC de interrup. origem interna ao Sist. de Dist. não progr. e ocor. Dia Crítico'],
  ['DECIND', 'DEC interrup origem interna, não programada e não expurgavel'],
  ['DECIP', 'DEC de interrupção de origem interna ao Sist. de Dist. e programada'],
  ['DECIPC', 'DEC interrup. origem inter. ao sist distr, prog. e ocorr. em dia crítico'],
  ['DECXNC', 'DEC interrup. origem ext. ao sist distr, não prog. e ocorr. em dia crítico'],
  ['DECXPC', 'DEC interrup. origem ext. ao sist distr, prog. e ocorr. em dia crítico'],
  ['FECINC', 'FEC de interrup. origem interna ao Sist. de Dist. não progr. e ocor. Dia Crítico'],
  ['FECIP', 'FEC de interrupção de origem interna ao Sist. de Dist. e programada'],
] as const
/** Numbers of the sets of consumer units that the first two datasets here and INDQUAL share. */
export const FIRST_SET = 12_401

const head = [
  'DatGeracaoConjuntoDados date',
  'SigAgente',
  'NumCNPJ cnpj',
  'IdeConjUndConsumidoras integer',
  'DscConjUndConsumidoras',
  'SigIndicador',
] as const
const shared = { hasQuotes: false, repeats: noRepeats }

/** The letters are padded to 20 with spaces. */
function who(set: number): [sigla: string, number: string, id: string, name: string] {
  const distributor: Distributor = pick(DISTRIBUTORS, hash(17, set))
  return [
    distributor.qualitySigla.padEnd(20, ' '),
    distributor.cnpj,
    String(FIRST_SET + set * 3),
    `CONJUNTO EXEMPLO ${set}`,
  ]
}

/** DEC and FEC by set, indicator and month, a file a decade. */
export const decFec: Table = {
  ...shared,
  columns: columns(...head, 'AnoIndice integer', 'NumPeriodoIndice integer', 'VlrIndiceEnviado decimal 2'),
  key: ['NumCNPJ', 'IdeConjUndConsumidoras', 'SigIndicador', 'AnoIndice', 'NumPeriodoIndice'],
  parts: () => ['2020-2029', '2010-2019'],
  open({ seed, today, generated, part }) {
    const last = Math.min(calendar.parts(today).year, Number(part.slice(5)))
    const years = last - Number(part.slice(0, 4)) + 1
    return {
      row(index, revision) {
        const month = index % 12
        const indicator = Math.floor(index / 12) % INDICATORS.length
        const line = Math.floor(index / 12 / INDICATORS.length)
        const year = line % years
        const [sigla, number, id, name] = who(Math.floor(line / years))
        const value = mix(hash(seed, index)) % (indicator < 4 ? 240 : 90)
        const [code] = pick(INDICATORS, indicator)
        return [
          generated,
          sigla,
          number,
          id,
          name,
          code,
          String(last - year),
          String(month + 1),
          hundredths((value > 60 ? value : 0) + revision * 13),
        ]
      },
    }
  },
}

/** The limits of DEC and FEC by set and year. */
export const decFecLimites: Table = {
  ...shared,
  columns: columns(...head, 'AnoLimiteQualidade integer', 'VlrLimite decimal 2'),
  key: ['NumCNPJ', 'IdeConjUndConsumidoras', 'SigIndicador', 'AnoLimiteQualidade'],
  parts: oneFile,
  open({ seed, today, generated }) {
    const { year } = calendar.parts(today)
    return {
      row(index, revision) {
        const back = (index >> 1) % 12
        const [sigla, number, id, name] = who(Math.floor(index / 24))
        const value = 500 + (hash(seed, index) % 12) * 100 + revision * 100
        const indicator = index % 2 === 0 ? 'DEC' : 'FEC'
        return [generated, sigla, number, id, name, indicator, String(year - back), hundredths(value)]
      },
    }
  },
}

/** What the codes of the indicators mean. */
export const dominioIndicadores: Table = {
  ...shared,
  columns: columns('DatGeracaoConjuntoDados date', 'SigIndicador', 'DscIndicador'),
  key: ['SigIndicador'],
  parts: oneFile,
  whole: ({ generated }) => INDICATORS.map(([code, text]) => [generated, code, text]),
  open: () => ({
    row: () => {
      throw new Error('a hand-made table has no rows by index')
    },
  }),
}
