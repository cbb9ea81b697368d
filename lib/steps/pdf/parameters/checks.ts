import type { EquipmentRecord, ParameterValue } from './model.ts'

/** What the checks compare: numbers in canonical units. */
type Numbers = (name: string) => number | undefined

function single(value: ParameterValue | undefined): number | undefined {
  const num = value?.canonical?.num ?? value?.num
  return typeof num === 'number' ? num : undefined
}

interface Check {
  needs: readonly string[]
  /** Why the values cannot be right; undefined when they can. */
  problem(of: Numbers, record: EquipmentRecord): string | undefined
}

const range = (name: string, low: number, high: number, unit: string): Check => ({
  needs: [name],
  problem: (of) => {
    const value = of(name)
    return value === undefined || (value >= low && value <= high)
      ? undefined
      : `${name} is ${value} ${unit}, outside ${low} to ${high}`
  },
})

const above = (more: string, less: string): Check => ({
  needs: [more, less],
  problem: (of) => {
    const a = of(more)
    const b = of(less)
    return a === undefined || b === undefined || a > b ? undefined : `${more} (${a}) is not above ${less} (${b})`
  },
})

/** How far Vmp times Imp may be from Pmax: values are rounded, and the power is measured with its own tolerance. */
const powerSlack = 0.02

const moduleChecks: readonly Check[] = [
  above('Voc', 'Vmp'),
  above('Isc', 'Imp'),
  {
    needs: ['Pmax', 'Vmp', 'Imp'],
    problem: (of) => {
      const [power, voltage, current] = [of('Pmax'), of('Vmp'), of('Imp')]
      if (power === undefined || voltage === undefined || current === undefined) return undefined
      const off = Math.abs(voltage * current - power) / power
      return off <= powerSlack ? undefined : `Vmp × Imp is ${(voltage * current).toFixed(1)} W, Pmax ${power} W`
    },
  },
  {
    needs: ['Pmax', 'efficiency', 'dimensions'],
    problem: (of, record) => {
      const sides = record.parameters.dimensions?.canonical?.num
      const [power, efficiency] = [of('Pmax'), of('efficiency')]
      if (!Array.isArray(sides) || power === undefined || efficiency === undefined || record.condition !== 'STC')
        return undefined
      const [a = 0, b = 0] = sides.toSorted((x, y) => y - x)
      const expected = (100 * power) / (a * b * 0.001)
      return Math.abs(expected - efficiency) <= 0.035 * expected
        ? undefined
        : `efficiency is ${efficiency} %, Pmax over the area gives ${expected.toFixed(1)} %`
    },
  },
  range('tempCoeffPmax', -0.6, -0.15, '%/°C'),
  range('tempCoeffVoc', -0.45, -0.15, '%/°C'),
  range('tempCoeffIsc', 0, 0.12, '%/°C'),
  range('efficiency', 5, 30, '%'),
  range('NMOT', 35, 55, '°C'),
  range('NOCT', 35, 55, '°C'),
]

const inverterChecks: readonly Check[] = [
  range('maxEfficiency', 85, 99.9, '%'),
  range('europeanEfficiency', 80, 99.9, '%'),
  range('cecEfficiency', 80, 99.9, '%'),
  {
    needs: ['maxEfficiency', 'europeanEfficiency'],
    problem: (of) => {
      const [most, weighted] = [of('maxEfficiency'), of('europeanEfficiency')]
      return most === undefined || weighted === undefined || most >= weighted
        ? undefined
        : `the European efficiency (${weighted} %) is above the maximum (${most} %)`
    },
  },
  {
    needs: ['mpptVoltageRange'],
    problem: (_, record) => {
      const ends = record.parameters.mpptVoltageRange?.canonical?.num
      return !Array.isArray(ends) || (ends[0] ?? 0) < (ends[1] ?? 0)
        ? undefined
        : `the MPPT range goes from ${ends[0]} to ${ends[1]} V`
    },
  },
  {
    needs: ['mpptVoltageRange', 'maxDcVoltage'],
    problem: (of, record) => {
      const ends = record.parameters.mpptVoltageRange?.canonical?.num
      const most = of('maxDcVoltage')
      if (!Array.isArray(ends) || most === undefined) return undefined
      return (ends[1] ?? 0) <= most ? undefined : `the MPPT range ends at ${ends[1]} V, above the maximum of ${most} V`
    },
  },
]

/** Marks each record as checked or suspicious, and says why. */
export function check(records: readonly EquipmentRecord[]): void {
  for (const record of records) {
    const checks = record.kind === 'module' ? moduleChecks : inverterChecks
    const of: Numbers = (name) => {
      const value = record.parameters[name]
      // a coefficient in mV/°C is right in its own measure
      return value?.canonical !== undefined && name.startsWith('tempCoeff') && value.canonical.unit !== '%/°C'
        ? undefined
        : single(value)
    }
    const possible = checks.filter((item) => item.needs.every((name) => record.parameters[name] !== undefined))
    record.reasons = possible.flatMap((item) => item.problem(of, record) ?? [])
    if (possible.length > 0) record.status = record.reasons.length > 0 ? 'suspicious' : 'checked'
  }
  for (const record of records) compareWithStc(record, records)
}

/** At 800 W/m² and a warm cell a module gives about three quarters of its power. */
function compareWithStc(record: EquipmentRecord, records: readonly EquipmentRecord[]): void {
  if (record.condition !== 'NMOT' && record.condition !== 'NOCT') return
  const stc = records.find((other) => other.model === record.model && other.condition === 'STC')
  const [warm, power] = [single(record.parameters.Pmax), single(stc?.parameters.Pmax)]
  if (warm === undefined || power === undefined) return
  const share = warm / power
  if (share >= 0.68 && share <= 0.82) return
  record.reasons.push(`Pmax is ${(100 * share).toFixed(0)} % of the one at STC`)
  record.status = 'suspicious'
}
