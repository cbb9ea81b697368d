import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { deploy } from './prometheus-files.ts'

/** A metric that a file names. */
export interface Named {
  namespace: string
  name: string
  dimensions: Record<string, string>
  stat: string
  id: string | undefined
}
export interface Widget {
  type: string
  x: number
  y: number
  width: number
  height: number
  properties: { title?: string; markdown?: string; period?: number; metrics?: unknown[][] }
}
export interface Query {
  id: string
  expression?: string
  return_data: boolean
  metric?: { namespace: string; name: string; dimensions: Record<string, string>; period: number; stat: string }
}
export interface Alarm {
  name: string
  /** Whether only a Node-RED sends what it looks at, or sends it better than AWS's own metrics. */
  node_red: boolean
  description: string
  actions: string[]
  comparison: string
  threshold: number
  evaluation_periods: number
  treat_missing_data: string
  queries: Query[]
}

const read = (file: string) => JSON.parse(readFileSync(join(deploy, 'cloudwatch', file), 'utf8'))
export const dashboard: { widgets: Widget[] } = read('dashboard.json')
export const alarms: Alarm[] = read('alarms.json').alarms

/** The metrics of a widget, without expressions. */
export function metricsOf({ properties: { metrics = [] } }: Widget): Named[] {
  return metrics.flatMap((row) => {
    const last = row.at(-1)
    const options: { stat?: string; id?: string } = typeof last === 'object' && last !== null ? last : {}
    const words = row.filter((each) => typeof each === 'string')
    const [namespace, name, ...rest] = words
    if (namespace === undefined || name === undefined) return []
    const dimensions = Object.fromEntries(
      rest.flatMap((each, at) => (at % 2 === 0 ? [[each, rest[at + 1] ?? '']] : [])),
    )
    return [{ namespace, name, dimensions, stat: options.stat ?? '', id: options.id }]
  })
}

/** The expressions of a widget. */
export function expressionsOf({ properties: { metrics = [] } }: Widget): string[] {
  return metrics.flatMap((row) => row.flatMap((each) => (isExpression(each) ? [each.expression] : [])))
}

function isExpression(value: unknown): value is { expression: string } {
  return typeof value === 'object' && value !== null && 'expression' in value && typeof value.expression === 'string'
}

export const dashboardMetrics = (): Named[] => dashboard.widgets.flatMap(metricsOf)
export const alarmMetrics = () => alarms.flatMap(({ queries }) => queries.flatMap(({ metric }) => metric ?? []))
