import { distributedMonths, distributedTotals } from './distributed.ts'
import { flagCurrent } from './flag.ts'
import type { Question } from './question.ts'
import { fioBCurrent, tariffsCurrent } from './tariffs.ts'

/** All questions, for those who warm their answers. */
export const questions: readonly Question[] = [
  tariffsCurrent,
  fioBCurrent,
  flagCurrent,
  distributedTotals,
  distributedMonths,
]
