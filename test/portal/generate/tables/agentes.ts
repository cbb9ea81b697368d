import { DISTRIBUTORS } from '../distributors.ts'
import { cnpj } from '../documents.ts'
import { hash } from '../random.ts'
import { columns, noRepeats, oneFile, type Table } from '../table.ts'

/** Agents of the sector: the distributors first, then invented companies, half of them without letters. */
export const agentes: Table = {
  columns: columns(
    'DatGeracaoConjuntoDados date',
    'NumCnpj cnpj',
    'SigPessoa',
    'NomRazaoSocial',
    'IdcAtivo',
    'IdcComercializacao integer',
    'IdcDistribuicao integer',
    'IdcGeracao integer',
    'IdcTransmissao integer',
  ),
  key: ['NumCnpj'],
  hasQuotes: false,
  parts: oneFile,
  repeats: noRepeats,
  open({ seed, generated }) {
    return {
      row(index, revision) {
        const distributor = DISTRIBUTORS[index]
        const h = hash(seed, index)
        const flag = (shift: number) => String((h >>> shift) & 1)
        const generation = revision === 0 ? flag(3) : String(1 - Number(flag(3)))
        if (distributor !== undefined) {
          const { cnpj: number, sigla, name } = distributor
          return [generated, number, sigla, name, 'A', '0', '1', generation, '0']
        }
        const name = `AGENTE FICTICIO DE ENERGIA ${index} S.A.`
        const sigla = h % 2 === 0 ? '' : `AGENTE ${index}`
        return [
          generated,
          cnpj(93_000_000 + index),
          sigla,
          name,
          h % 13 === 0 ? 'I' : 'A',
          flag(1),
          '0',
          generation,
          flag(4),
        ]
      },
    }
  },
}
