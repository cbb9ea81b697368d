import { Type } from '../../../schema.ts'
import { Day, defineQuestion, nullable, numbersOf } from './question.ts'

/** The tariff flag of a day's month; see docs/views.md. Without taxes. */
const FlagSchema = Type.Object(
  {
    competencia: Type.String({ description: 'Month, as its first day' }),
    situacao: Type.Enum(['vigente', 'mes anterior'], { description: 'mes anterior: the month is not published yet' }),
    meses_de_atraso: Type.Integer(),
    bandeira: Type.String(),
    adicional_rs_mwh: nullable(Type.Number()),
    adicional_rs_kwh: nullable(Type.Number()),
    adicional_rs_100kwh: nullable(Type.Number()),
    resolucao: nullable(Type.String()),
    resolucao_vigencia: nullable(Type.String()),
    resolucao_rs_mwh: nullable(Type.Number()),
    confere: nullable(Type.Boolean({ description: 'Whether the adder of the resolution is the same' })),
  },
  { title: 'Flag' },
)

/** The tariff flag on a day: `aneel.bandeira_vigente`. */
export const flagCurrent = defineQuestion({
  name: 'bandeira',
  datasets: ['aneel.bandeira_acionamento', 'aneel.bandeira_adicional'],
  params: Type.Object({ date: Type.Optional(Day) }, { additionalProperties: false }),
  answer: Type.Object({
    date: Type.String(),
    /** null where nothing was known by then. */
    flag: nullable(FlagSchema),
  }),
  settle: (params, today) => ({ date: params.date ?? today }),
  warm: [{}],
  async read(ask, { date = '' }) {
    const { rows } = await ask('select * from aneel.bandeira_vigente($1::date)', [date])
    const [row] = rows
    return { date, flag: row === undefined ? null : numbersOf(FlagSchema, row) }
  },
})
