import { type Infer, Type } from '../../../schema.ts'
import { Distributor, distributorOf } from './distributor.ts'
import { type Ask, columnsOf, defineQuestion, Month, nullable, numbersOf } from './question.ts'

const connected = "date_trunc('month', e.dth_atualiza_cadastral_empreend::timestamp)::date"
/** What totals may be grouped by, as SQL of ours over a row `e` of aneel.mmgd. The connection date is dth_atualiza_cadastral_empreend. */
const dimensions = {
  uf: 'e.sig_uf',
  region: 'e.nom_regiao',
  municipality: 'e.cod_municipio_ibge',
  distributor: 'e.num_cnpj_distribuidora',
  class: 'e.dsc_classe_consumo',
  subgroup: 'upper(e.dsc_sub_grupo_tarifario)',
  modality: 'e.dsc_modalidade_habilitado',
  kind: 'e.sig_tipo_geracao',
  size: 'e.dsc_porte',
  consumer: 'e.sig_tipo_consumidor',
  month: `to_char(${connected}, 'YYYY-MM')`,
  year: `extract(year from ${connected})::int::text`,
} as const
const names = [
  'uf',
  'region',
  'municipality',
  'distributor',
  'class',
  'subgroup',
  'modality',
  'kind',
  'size',
  'consumer',
  'month',
  'year',
] as const

const Uf = Type.String({ pattern: '^[A-Za-z]{2}$', description: 'State, such as MG' })
const Municipality = Type.String({
  pattern: '^\\d{6,7}$',
  description: 'IBGE code of the municipality; isolated units are published with six digits',
})
const Limit = Type.Integer({ default: 1_000, minimum: 1, maximum: 10_000 })
const months = {
  from: Type.Optional(Month),
  to: Type.Optional(Month),
}

const TotalsParams = Type.Object(
  {
    by: Type.Array(Type.Enum([...names]), {
      default: ['uf'],
      maxItems: 4,
      uniqueItems: true,
      description: 'What is added up by',
    }),
    uf: Type.Optional(Uf),
    municipality: Type.Optional(Municipality),
    distributor: Type.Optional(Distributor),
    class: Type.Optional(Type.String({ maxLength: 60, description: 'Consumption class, such as Residencial' })),
    kind: Type.Optional(Type.String({ pattern: '^[A-Za-z]{2,4}$', description: 'UFV (solar), EOL, CGH, UTE' })),
    size: Type.Optional(Type.Enum(['Microgeracao', 'Minigeracao'])),
    ...months,
    limit: Limit,
  },
  { additionalProperties: false },
)
type TotalsParams = Infer<typeof TotalsParams>

const Dimension = Type.Optional(nullable(Type.String()))
const TotalSchema = Type.Object(
  {
    ...{
      uf: Dimension,
      region: Dimension,
      municipality: Dimension,
      distributor: Dimension,
      class: Dimension,
      subgroup: Dimension,
    },
    ...{
      modality: Dimension,
      kind: Dimension,
      size: Dimension,
      consumer: Dimension,
      month: Dimension,
      year: Dimension,
    },
    units: Type.Integer({ description: 'Units as published: a repeated code counts twice' }),
    powerKw: nullable(Type.Number({ description: 'Installed power in kW' })),
  },
  { title: 'DistributedTotal' },
)

/** Units and power of distributed generation, added up by what is wanted. The last six months are provisional. */
export const distributedTotals = defineQuestion({
  name: 'mmgd-totals',
  datasets: ['aneel.mmgd'],
  params: TotalsParams,
  answer: Type.Object({ by: Type.Array(Type.String()), totals: Type.Array(TotalSchema), cut: Type.Boolean() }),
  settle: (params) => ({ ...params, by: names.filter((name) => params.by.includes(name)) }),
  warm: [
    { by: ['uf'], limit: 1_000 },
    { by: ['year'], limit: 1_000 },
    { by: ['class'], limit: 1_000 },
  ],
  async read(ask, params) {
    const values: unknown[] = []
    const where = await conditionsOf(ask, params, values)
    const groups = params.by.map((name) => `${dimensions[name]} as "${name}"`)
    const order = params.by.map((name) => `"${name}"`)
    const { rows } = await ask(
      `select ${[...groups, 'count(*) as units', 'sum(e.mda_potencia_instalada_kw) as "powerKw"'].join(', ')}
       from aneel.mmgd e${where.length > 0 ? ` where ${where.join(' and ')}` : ''}
       ${order.length > 0 ? `group by ${params.by.map((_, at) => at + 1).join(', ')} order by ${order.join(', ')}` : ''}
       limit $${values.push(params.limit + 1)}::int8`,
      values,
      { timeoutMs: slowMs },
    )
    const shown = Type.Pick(TotalSchema, [...params.by, 'units', 'powerKw'])
    return {
      by: params.by,
      totals: rows.slice(0, params.limit).map((row) => numbersOf(shown, row)),
      cut: rows.length > params.limit,
    }
  },
})

/** A scan of the whole registry on a small machine. */
const slowMs = 120_000

async function conditionsOf(ask: Ask, params: TotalsParams, values: unknown[]): Promise<string[]> {
  const bind = (value: unknown, type: string) => `$${values.push(value)}::${type}`
  const found: string[] = []
  if (params.uf !== undefined) found.push(`e.sig_uf = ${bind(params.uf.toUpperCase(), 'text')}`)
  if (params.municipality !== undefined)
    found.push(
      `e.cod_municipio_ibge in (${bind(params.municipality, 'text')}, ${bind(params.municipality.slice(0, 6), 'text')})`,
    )
  if (params.distributor !== undefined) {
    const table = { name: 'aneel.mmgd', cnpj: 'num_cnpj_distribuidora', sig: 'sig_agente' } as const
    found.push(`e.num_cnpj_distribuidora = any(${bind(await distributorOf(ask, params.distributor, table), 'text[]')})`)
  }
  if (params.class !== undefined) found.push(`lower(e.dsc_classe_consumo) = lower(${bind(params.class, 'text')})`)
  if (params.kind !== undefined) found.push(`e.sig_tipo_geracao = ${bind(params.kind.toUpperCase(), 'text')}`)
  if (params.size !== undefined) found.push(`e.dsc_porte = ${bind(params.size, 'text')}`)
  if (params.from !== undefined) found.push(`e.dth_atualiza_cadastral_empreend >= ${bind(`${params.from}-01`, 'date')}`)
  if (params.to !== undefined)
    found.push(`e.dth_atualiza_cadastral_empreend < (${bind(`${params.to}-01`, 'date')} + interval '1 month')::date`)
  return found
}

const MonthSchema = Type.Object(
  {
    sig_uf: nullable(Type.String()),
    cod_municipio_ibge: nullable(Type.String()),
    nom_municipio: nullable(Type.String()),
    dsc_classe_consumo: nullable(Type.String()),
    mes: nullable(Type.String({ description: 'Month of connection, as its first day; null for units without a date' })),
    quantidade: Type.Integer(),
    potencia_kw: nullable(Type.Number()),
    quantidade_acumulada: nullable(Type.Integer()),
    potencia_acumulada_kw: nullable(Type.Number()),
    potencia_acumulada_municipio_kw: nullable(Type.Number()),
  },
  { title: 'DistributedMonth' },
)

/** Distributed generation of one municipality by class and month, with what accumulates: `aneel.mmgd_municipio_mes`. */
export const distributedMonths = defineQuestion({
  name: 'mmgd-months',
  datasets: ['aneel.mmgd'],
  params: Type.Object({ uf: Uf, municipality: Municipality, ...months, limit: Limit }, { additionalProperties: false }),
  answer: Type.Object({ months: Type.Array(MonthSchema), cut: Type.Boolean() }),
  warm: [],
  async read(ask, params) {
    const { rows } = await ask(
      `select ${columnsOf(MonthSchema, 'm')} from aneel.mmgd_municipio_mes m
       where m.sig_uf = $1 and m.cod_municipio_ibge = $2
         and ($3::date is null or m.mes >= $3::date) and ($4::date is null or m.mes <= $4::date)
       order by m.mes nulls last, m.dsc_classe_consumo limit $5::int8`,
      [
        params.uf.toUpperCase(),
        params.municipality,
        params.from === undefined ? null : `${params.from}-01`,
        params.to === undefined ? null : `${params.to}-01`,
        params.limit + 1,
      ],
      { timeoutMs: slowMs },
    )
    return {
      months: rows.slice(0, params.limit).map((row) => numbersOf(MonthSchema, row)),
      cut: rows.length > params.limit,
    }
  },
})
