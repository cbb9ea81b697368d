import type { Dice } from '../../pdf/generate/random.ts'
import { distributors, towns } from './sentences.ts'

const months = ['janeiro', 'fevereiro', 'março', 'abril', 'maio', 'junho', 'julho', 'agosto', 'setembro'] as const
const groups = ['A1', 'A2', 'A3', 'A3a', 'A4', 'AS', 'B1', 'B2', 'B3'] as const
const posts = ['ponta', 'intermediário', 'fora de ponta'] as const
const quantities = ['Potência máxima', 'Tensão de circuito aberto', 'Corrente de curto-circuito', 'Eficiência'] as const
const symbols = ['Pmax', 'Voc', 'Isc', 'Vmp', 'Imp'] as const
const services = ['Vistoria', 'Religação', 'Aferição', 'Segunda via', 'Troca de titular'] as const

/** Puts words and numbers into the slots of a template; numbers as they are written in Brazil. */
export function fill(template: string, dice: Dice): string {
  return template.replace(/\{(\w+)\}/g, (_, slot: string) => value(slot, dice))
}

function value(slot: string, dice: Dice): string {
  switch (slot) {
    case 'dist':
      return dice.pick(distributors)
    case 'town':
      return dice.pick(towns)
    case 'month':
      return dice.pick(months)
    case 'group':
      return dice.pick(groups)
    case 'post':
      return dice.pick(posts)
    case 'quantity':
      return dice.pick(quantities)
    case 'symbol':
      return dice.pick(symbols)
    case 'service':
      return dice.pick(services)
    case 'kv':
      return dice.pick(['13,8', '34,5', '69', '138'])
    case 'year':
      return String(dice.whole(2015, 2026))
    case 'date':
      return `${dice.whole(1, 28)} de ${dice.pick(months)} de ${dice.whole(2015, 2026)}`
    case 'pct':
      return `${dice.whole(0, 99)},${dice.whole(10, 99)} %`
    case 'dec':
      return `${dice.whole(1, 99)},${dice.whole(10, 99)}`
    case 'int1':
      return String(dice.whole(2, 9))
    case 'int2':
      return String(dice.whole(10, 99))
    case 'int3':
      return String(dice.whole(100, 999))
    case 'int4':
      return String(dice.whole(1_000, 9_999))
    default:
      throw new Error(`no slot ${slot}`)
  }
}
