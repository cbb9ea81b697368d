import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parser } from '@prometheus-io/lezer-promql'
import { parse } from 'yaml'
import { packageFolder } from '../helpers/node-red.ts'

export interface Panel {
  id: number
  title: string
  datasource: { uid: string }
  fieldConfig: { defaults: { unit: string } }
  targets: { expr: string }[]
}
export interface Rule {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: Record<string, string>
}

export const deploy = join(packageFolder, 'deploy')
export const alertsFile = join(deploy, 'prometheus', 'alerts.yml')
export const rules: Rule[] = parse(readFileSync(alertsFile, 'utf8')).groups.flatMap(
  ({ rules }: { rules: Rule[] }) => rules,
)
const folder = join(deploy, 'grafana', 'dashboards')
export const dashboards: { file: string; uid: string; panels: Panel[] }[] = readdirSync(folder).map((file) => ({
  file,
  ...JSON.parse(readFileSync(join(folder, file), 'utf8')),
}))

/** All queries that are shipped. */
export function promQueries(): string[] {
  return [
    ...rules.map(({ expr }) => expr),
    ...dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))),
  ]
}

/** What a query names, and where it does not parse. */
export function namedIn(given: string): { metrics: string[]; labels: string[]; errors: string[] } {
  const query = given.replaceAll('$__rate_interval', '5m')
  const found: { metrics: string[]; labels: string[]; errors: string[] } = { metrics: [], labels: [], errors: [] }
  parser.parse(query).iterate({
    enter(node) {
      const text = query.slice(node.from, node.to)
      if (node.type.isError) found.errors.push(`does not parse at ${node.from}: ${query}`)
      if (node.name === 'Identifier') found.metrics.push(text)
      if (node.name === 'LabelName') found.labels.push(text)
    },
  })
  return found
}
