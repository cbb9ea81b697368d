import { TOWNS } from '../places.ts'
import { pick } from '../random.ts'
import { columns, noRepeats, oneFile, type Table } from '../table.ts'
import { FIRST_SET } from './continuidade.ts'

/** Which municipalities a set of consumer units covers: N to N, and some codes without a name or state. */
export const indqualMunicipio: Table = {
  columns: columns(
    'DatGeracaoConjuntoDados date',
    'IdeConjUnidConsumidoras integer',
    'CodMunicipio',
    'NomMunicipio',
    'SigUF',
  ),
  key: ['IdeConjUnidConsumidoras', 'CodMunicipio'],
  hasQuotes: false,
  parts: oneFile,
  repeats: noRepeats,
  open({ generated }) {
    return {
      row(index, revision) {
        const set = Math.floor(index / 3)
        const id = String(FIRST_SET + set * 3)
        if (index % 200 === 14)
          return [generated, id, '4314530', revision === 0 ? '' : 'Pinto Bandeira', revision === 0 ? '' : 'RS']
        const town = pick(TOWNS, set * 5 + (index % 3))
        return [generated, id, town.code, revision === 0 ? town.name : `${town.name} (corrigido)`, town.uf]
      },
    }
  },
}
