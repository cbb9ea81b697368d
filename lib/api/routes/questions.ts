import { Type } from '../../schema.ts'
import { answerTo } from '../../steps/dataset/answers/answer.ts'
import { distributedMonths, distributedTotals } from '../../steps/dataset/answers/distributed.ts'
import { flagCurrent } from '../../steps/dataset/answers/flag.ts'
import type { Question } from '../../steps/dataset/answers/question.ts'
import { fioBCurrent, tariffsCurrent } from '../../steps/dataset/answers/tariffs.ts'
import { provenanceOf } from '../../steps/dataset/read/describe.ts'
import { ProvenanceSchema } from '../provenance.ts'
import { defineRoute, None, type Route } from '../route.ts'
import { readerOf } from './datasets/reader.ts'

/** A question as a route: its parameters are the query, its answer comes with provenance. */
function routeOf(question: Question, words: Pick<Route, 'path' | 'id' | 'summary' | 'description'>): Route {
  return defineRoute({
    ...words,
    method: 'GET',
    scope: 'datasets',
    params: None,
    query: question.params,
    answer: Type.Object({ ...question.answer.properties, provenance: ProvenanceSchema }),
    async handle({ query, raw }, context) {
      const { stores, clock, log } = context
      const [dataset] = question.datasets
      const { answer } = await answerTo(question, query, { stores, clock, log, signal: raw.signal })
      const provenance = provenanceOf(await readerOf(context).current(dataset), clock)
      // no Last-Modified: what depends on the day changes without a publication
      return { json: { ...Object(answer), provenance } }
    },
  })
}

const tariffs = routeOf(tariffsCurrent, {
  path: '/tariffs/current',
  id: 'currentTariffs',
  summary: 'Tariffs of application of a day',
  description:
    'The rule is that of docs/views.md: among the rows that cover the day the latest start, then the latest act. Without taxes and without the flag.',
})
const fioB = routeOf(fioBCurrent, {
  path: '/tariffs/fio-b',
  id: 'currentFioB',
  summary: 'TUSD Fio B of a day',
  description: 'The component that compensated energy pays in part (Law 14.300/2022), by the same rule as the tariffs.',
})
const flag = routeOf(flagCurrent, {
  path: '/bandeira',
  id: 'currentFlag',
  summary: 'Tariff flag of a day’s month, and what it adds',
  description: 'A month that is not published yet is answered by the one before, and said to be.',
})
const totals = routeOf(distributedTotals, {
  path: '/mmgd/totals',
  id: 'distributedTotals',
  summary: 'Units and power of distributed generation, added up',
  description: 'The month is that of the connection. The last six months are provisional.',
})
const months = routeOf(distributedMonths, {
  path: '/mmgd/months',
  id: 'distributedMonths',
  summary: 'Distributed generation of a municipality by class and month',
})

/** What is often asked of the datasets. */
export const questionRoutes = [tariffs, fioB, flag, totals, months]
