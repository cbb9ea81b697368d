import { type Infer, Type } from '../../../schema.ts'
import { Distributor, distributorOf } from './distributor.ts'
import { type Ask, columnsOf, Day, defineQuestion, nullable, numbersOf } from './question.ts'

const Text = Type.String()
const Price = (unit: string) => nullable(Type.Number({ description: unit }))
const Key = {
  num_cnpj_distribuidora: Text,
  sig_agente: nullable(Text),
  dsc_sub_grupo: nullable(Text),
  dsc_modalidade_tarifaria: nullable(Text),
  dsc_classe: nullable(Text),
  dsc_sub_classe: nullable(Text),
  dsc_detalhe: nullable(Text),
  nom_posto_tarifario: nullable(Text),
  dsc_unidade_terciaria: nullable(Text),
  sig_agente_acessante: nullable(Text),
  situacao: Type.Enum(['vigente', 'vencida'], {
    description: 'vigente: a row covers the day; vencida: the last one that did',
  }),
  dias_vencida: nullable(Type.Integer()),
  dat_inicio_vigencia: nullable(Text),
  dat_fim_vigencia: nullable(Text),
  dsc_reh: nullable(Text),
  data_ato: nullable(Text),
}

/** A tariff of a day; see docs/views.md. Without taxes. */
export const TariffSchema = Type.Object(
  {
    ...Key,
    homologada: Type.Boolean(),
    empate: Type.Boolean(),
    tusd_rs_mwh: Price('R$/MWh'),
    te_rs_mwh: Price('R$/MWh'),
    tarifa_rs_mwh: Price('R$/MWh'),
    tusd_rs_kwh: Price('R$/kWh'),
    te_rs_kwh: Price('R$/kWh'),
    tarifa_rs_kwh: Price('R$/kWh'),
    tusd_rs_kw: Price('R$/kW'),
  },
  { title: 'Tariff' },
)
const FioBSchema = Type.Object(
  {
    ...Key,
    parte: Text,
    empate: Type.Boolean(),
    fio_b_rs_mwh: Price('R$/MWh'),
    fio_b_rs_kwh: Price('R$/kWh'),
    fio_b_rs_kw: Price('R$/kW'),
  },
  { title: 'FioB' },
)

const Params = Type.Object(
  {
    distributor: Type.Optional(Distributor),
    date: Type.Optional(Day),
    subgroup: Type.Optional(Type.String({ maxLength: 10, description: 'Such as B1 or A4' })),
    modality: Type.Optional(Type.String({ maxLength: 60, description: 'Such as Convencional or Branca' })),
    class: Type.Optional(Type.String({ maxLength: 100, description: 'Such as Residencial' })),
    subclass: Type.Optional(Type.String({ maxLength: 200, description: 'Such as Residencial' })),
    detail: Type.Optional(
      Type.String({ maxLength: 100, description: 'Such as SCEE (compensated energy) or Não se aplica' }),
    ),
    period: Type.Optional(Type.String({ maxLength: 60, description: 'Such as Ponta or Não se aplica' })),
    unit: Type.Optional(Type.Enum(['MWh', 'kW'])),
    lapsed: Type.Boolean({
      default: false,
      description: 'Also those that no row covers on the day, as they last were',
    }),
    limit: Type.Integer({ default: 1_000, minimum: 1, maximum: 10_000 }),
  },
  { additionalProperties: false },
)
type Params = Infer<typeof Params>

const head = {
  date: Type.String({ description: 'The day that was asked for, or today in Brasília' }),
  cut: Type.Boolean({ description: 'Whether the limit cut any off' }),
}

/** Parameters that are columns of the function, with their values. */
function filtersOf(params: Params): [string, string | undefined][] {
  return [
    ['dsc_sub_grupo', params.subgroup],
    ['dsc_modalidade_tarifaria', params.modality],
    ['dsc_classe', params.class],
    ['dsc_sub_classe', params.subclass],
    ['dsc_detalhe', params.detail],
    ['nom_posto_tarifario', params.period],
    ['dsc_unidade_terciaria', params.unit],
  ]
}

const settle = (params: Params, today: string): Params => ({ ...params, date: params.date ?? today })
const TariffAnswer = Type.Object({ ...head, tariffs: Type.Array(TariffSchema) })
const FioBAnswer = Type.Object({ ...head, tariffs: Type.Array(FioBSchema) })

/** The tariffs of application of a day: `aneel.tarifa_vigente`. */
export const tariffsCurrent = defineQuestion({
  name: 'tariffs-current',
  datasets: ['aneel.tarifas'],
  params: Params,
  answer: TariffAnswer,
  settle,
  warm: [{ subgroup: 'B1', detail: 'Não se aplica', unit: 'MWh', lapsed: false, limit: 1_000 }],
  async read(ask, params) {
    const table = { name: 'aneel.tarifas', cnpj: 'num_cnpj_distribuidora', sig: 'sig_agente' } as const
    const { rows, cut } = await ofDay(ask, params, 'aneel.tarifa_vigente', TariffSchema, table)
    return { date: params.date, tariffs: rows, cut }
  },
})

/** The component TUSD Fio B of a day: `aneel.tusd_fio_b`. */
export const fioBCurrent = defineQuestion({
  name: 'fio-b-current',
  datasets: ['aneel.componentes_tarifarias'],
  params: Params,
  answer: FioBAnswer,
  settle,
  warm: [],
  async read(ask, params) {
    const table = { name: 'aneel.componentes_tarifarias', cnpj: 'num_cpf_cnpj', sig: 'sig_nome_agente' } as const
    const { rows, cut } = await ofDay(ask, params, 'aneel.tusd_fio_b', FioBSchema, table)
    return { date: params.date, tariffs: rows, cut }
  },
})

async function ofDay(
  ask: Ask,
  params: Params,
  view: 'aneel.tarifa_vigente' | 'aneel.tusd_fio_b',
  schema: typeof TariffSchema | typeof FioBSchema,
  table: Parameters<typeof distributorOf>[2],
) {
  const values: unknown[] = [params.date]
  const conditions = params.lapsed ? [] : ["t.situacao = 'vigente'"]
  if (params.distributor !== undefined) {
    values.push(await distributorOf(ask, params.distributor, table))
    conditions.push(`t.num_cnpj_distribuidora = any($${values.length}::text[])`)
  }
  for (const [column, value] of filtersOf(params)) {
    if (value !== undefined) conditions.push(`lower(t.${column}) = lower($${values.push(value)}::text)`)
  }
  const where = conditions.length > 0 ? ` where ${conditions.join(' and ')}` : ''
  const { rows } = await ask(
    `select ${columnsOf(schema, 't')} from ${view}($1::date) t${where}
     order by sig_agente, num_cnpj_distribuidora, dsc_sub_grupo, dsc_modalidade_tarifaria, dsc_classe, dsc_sub_classe, dsc_detalhe,
       nom_posto_tarifario, dsc_unidade_terciaria, sig_agente_acessante limit $${values.push(params.limit + 1)}::int8`,
    values,
  )
  return { rows: rows.slice(0, params.limit).map((row) => numbersOf(schema, row)), cut: rows.length > params.limit }
}
