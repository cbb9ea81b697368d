import { check } from './checks.ts'
import type { Contradiction, EquipmentData, EquipmentKind, EquipmentRecord, ParameterValue } from './model.ts'
import type { Observation } from './observation.ts'

/** What else a document says that its tables do not. */
export interface Surroundings {
  /** Some page names standard test conditions. */
  namesStc: boolean
  /** What the document calls the series, where its tables only give power classes. */
  series: string | undefined
}

/** Fewer known values than these are no record: a number under a stray label. */
const leastElectrical = 2
const leastInverter = 3

/** Brings observations together into records: one for each model and condition. */
export function recordsOf(
  observations: readonly Observation[],
  kind: EquipmentKind,
  around: Surroundings,
): EquipmentData {
  const own = observations.filter(({ entry }) => entry.kind === kind || entry.kind === 'both')
  const named = nameClasses(own)
  const fallback = kind === 'inverter' ? 'rated' : around.namesStc ? 'STC' : 'unspecified'
  const electrical = named.filter(({ entry }) => kind === 'inverter' || entry.electrical)
  const models = distinct(electrical.flatMap(({ model }) => (model === undefined ? [] : [model])))
  const modelName = named.find(({ entry }) => entry.name === 'modelName')?.read.value
  if (models.length === 0) models.push(modelName ?? '')
  const found = distinct(electrical.map(({ condition }) => condition ?? fallback))
  const conditionsOf =
    kind === 'inverter' ? ['rated'] : found.toSorted((a, b) => Number(b === 'STC') - Number(a === 'STC'))
  const records: EquipmentRecord[] = []
  const contradictions: Contradiction[] = []
  for (const condition of conditionsOf) {
    for (const model of models) {
      const mine = named.filter((item) => {
        if (item.model !== undefined && item.model !== model) return false
        if (kind === 'inverter') return true
        return item.entry.electrical ? (item.condition ?? fallback) === condition : condition === conditionsOf[0]
      })
      const record = recordOf(
        kind,
        fullName(model, modelName, models.length, around.series),
        condition,
        mine,
        contradictions,
      )
      if (record !== undefined) records.push(record)
    }
  }
  check(records)
  return { kind: records.length > 0 ? kind : undefined, records, contradictions }
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}

/** Columns without names are called after their power. */
function nameClasses(observations: readonly Observation[]): Observation[] {
  const names = new Map<string, string>()
  for (const { model, entry, read, condition } of observations) {
    if (model === undefined || !model.startsWith('#') || names.has(model)) continue
    const rated = entry.name === 'Pmax' ? condition === undefined || condition === 'STC' : entry.name === 'ratedAcPower'
    if (rated && typeof read.num === 'number') names.set(model, String(read.num))
  }
  return observations.map((item) => {
    const name = item.model === undefined ? undefined : names.get(item.model)
    return name === undefined ? item : { ...item, model: name }
  })
}

function fullName(model: string, modelName: string | undefined, count: number, series: string | undefined): string {
  if (count === 1 && modelName !== undefined && modelName.includes(model)) return modelName
  return /^\d+$/.test(model) && series !== undefined ? `${series} ${model}` : model
}

function recordOf(
  kind: EquipmentKind,
  model: string,
  condition: string,
  observations: readonly Observation[],
  contradictions: Contradiction[],
): EquipmentRecord | undefined {
  const parameters: Record<string, ParameterValue> = {}
  const seen = new Map<string, { value: ParameterValue; own: boolean }[]>()
  for (const item of observations) {
    if (item.entry.name === 'modelName') continue
    const list = seen.get(item.entry.name) ?? []
    list.push({ value: parameterOf(item), own: item.model !== undefined })
    seen.set(item.entry.name, list)
  }
  for (const [name, list] of seen) {
    // what is said of this model beats what is said of all
    const own = list.filter((item) => item.own)
    const values = (own.length > 0 ? own : list).map((item) => item.value)
    const [first] = values.toSorted((a, b) => b.confidence - a.confidence)
    if (first === undefined) continue
    parameters[name] = first
    const different = values.filter((value) => !agrees(value, first))
    if (different.length > 0) contradictions.push({ model, condition, name, values: [first, ...different] })
  }
  const names = Object.keys(parameters)
  const electrical = names.filter((name) => ['Pmax', 'Vmp', 'Imp', 'Voc', 'Isc', 'efficiency'].includes(name))
  const enough = kind === 'module' ? electrical.length >= leastElectrical : names.length >= leastInverter
  return enough ? { kind, model, condition, parameters, status: 'unchecked', reasons: [] } : undefined
}

function agrees(a: ParameterValue, b: ParameterValue): boolean {
  const [x, y] = [a.canonical?.num ?? a.num, b.canonical?.num ?? b.num]
  return x === undefined || y === undefined ? a.value === b.value : JSON.stringify(x) === JSON.stringify(y)
}

function parameterOf(item: Observation): ParameterValue {
  const { read } = item
  return {
    value: read.value,
    unit: read.unit,
    ...(read.num === undefined ? {} : { num: read.num }),
    ...(read.canonical === undefined ? {} : { canonical: read.canonical }),
    label: item.label,
    page: item.page,
    box: item.box,
    confidence: item.confidence,
  }
}
