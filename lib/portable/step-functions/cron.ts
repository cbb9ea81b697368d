/** A schedule in EventBridge's words, and how often it fires in 31 days; or the field that it has no words for. */
export type EventBridgeCron = { expression: string; perMonth: number } | { days: true } | { field: string }

const fields = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of month', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12 },
  { name: 'day of week', from: 0, to: 7 },
] as const
const months = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ')
const weekdays = 'SUN MON TUE WED THU FRI SAT'.split(' ')

/**
 * Five fields of cron (Sunday is 0 or 7) as `cron(…)` of EventBridge: six fields, Sunday is 1, `?` in the day field that says nothing. Steps
 * and ranges are written out where the dialects differ.
 */
export function eventBridgeCron(cron: string): EventBridgeCron {
  const given = cron.trim().split(/\s+/)
  const values: number[][] = []
  for (const [at, { from, to }] of fields.entries()) {
    const found = valuesOf(given[at] ?? '', from, to, at === 3 ? months : at === 4 ? weekdays : [])
    if (found === undefined) return { field: given[at] ?? '' }
    values.push(found)
  }
  const [minutes = [], hours = [], days = [], inMonths = [], week = []] = values
  const dayGiven = !isAll(days, 31)
  const weekDays = [...new Set(week.map((day) => day % 7))].sort((a, b) => a - b)
  const weekGiven = weekDays.length < 7
  if (dayGiven && weekGiven) return { days: true }
  const parts = [
    written(minutes, 60),
    written(hours, 24),
    weekGiven ? '?' : written(days, 31),
    written(inMonths, 12),
    weekGiven ? weekDays.map((day) => day + 1).join(',') : '?',
    '*',
  ]
  const daysAMonth = weekGiven ? (31 * weekDays.length) / 7 : days.length
  const perMonth = Math.round(minutes.length * hours.length * daysAMonth * (inMonths.length / 12) * 100) / 100
  return { expression: `cron(${parts.join(' ')})`, perMonth }
}

const isAll = (values: readonly number[], all: number) => values.length === all
const written = (values: readonly number[], all: number) => (isAll(values, all) ? '*' : values.join(','))

/** The values of a field, sorted; undefined where it has another form. */
function valuesOf(field: string, from: number, to: number, names: readonly string[]): number[] | undefined {
  const found = new Set<number>()
  for (const part of field.split(',')) {
    const [, range = '', step] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? []
    const [low, high, other] = range === '*' ? [String(from), String(to === 7 ? 6 : to)] : range.split('-')
    if (low === undefined || other !== undefined) return undefined
    const first = numberOf(low, names, from)
    // `5/10` counts on to the end
    const last = high === undefined ? (step === undefined ? first : to === 7 ? 6 : to) : numberOf(high, names, from)
    const by = step === undefined ? 1 : Number(step)
    if (first === undefined || last === undefined || by < 1) return undefined
    if (first < from || last > to || first > last) return undefined
    for (let value = first; value <= last; value += by) found.add(value)
  }
  return [...found].sort((a, b) => a - b)
}

function numberOf(text: string, names: readonly string[], from: number): number | undefined {
  if (/^\d+$/.test(text)) return Number(text)
  const at = names.indexOf(text.toUpperCase())
  return at === -1 ? undefined : at + (from === 1 ? 1 : 0)
}
