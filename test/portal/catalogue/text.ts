import * as calendar from '../generate/calendar.ts'
import { DISTRIBUTORS } from '../generate/distributors.ts'
import type { Source } from '../generate/index.ts'
import { hundredths } from '../generate/numbers.ts'
import { UFS } from '../generate/places.ts'
import { hash, mix, pick, seedOf } from '../generate/random.ts'

/** A cause of an interruption: the delimiter of the file stands inside the value. */
const CAUSES = ['Interna;Nao Programada;Meio Ambiente;Vento', 'Interna;Programada;Alteracao;Para Melhoria', 'Externa']

/** A value for a column of which only the name is known. The portal's prefixes say what kind it is. */
function value(column: string, h: number, row: number, day: string): string {
  const distributor = pick(DISTRIBUTORS, row)
  switch (column) {
    case 'DatGeracaoConjuntoDados':
      return day
    case 'SigAgente':
      return distributor.sigla
    case 'NomAgente':
    case 'NomAgenteRegulado':
      return distributor.name
    case 'NumCNPJ':
    case 'NumCPFCNPJ':
      return distributor.cnpj
    case 'SigUF':
      return pick(UFS, h)
    case 'DscFatoGeradorInterrupcao':
      return pick(CAUSES, row)
    case 'DscTituloProjeto':
      // 0x1A stands where a dash was.
      return row % 4 === 0 ? `Projeto ${row} \u001a Fase ${h % 9}` : `Projeto ${row}`
    case 'AnoReferencia':
    case 'AnoIndice':
    case 'NumAno':
      return String(2015 + (h % 11))
    case 'MesReferencia':
      return String(1 + (h % 12))
  }
  const kind = column.slice(0, 3)
  if (kind === 'Dat') return calendar.iso(calendar.dayOf(day) - (h % 4000))
  if (kind === 'Vlr' || kind === 'Mda') return hundredths(h % 1_000_000)
  if (kind === 'Num' || kind === 'Qtd' || kind === 'Cod' || kind === 'Ide') return String(h % 100_000)
  return `${column.slice(3)} ${h % 50}`
}

/** Rows for a package without a contract. */
export function textSource(id: string, columns: readonly string[], count: number, day: string): Source {
  const seed = seedOf(id)
  function* rows(): Generator<readonly string[]> {
    for (let row = 0; row < count; row++) {
      yield columns.map((column, index) => value(column, mix(hash(seed, row, index)), row, day))
    }
  }
  return {
    header: columns,
    columns: columns.map((source) => ({ source, type: 'text' })),
    rows: rows(),
    hasQuotes: false,
  }
}
