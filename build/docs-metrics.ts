// Writes the tables of docs/metrics.md from the catalogue: `node build/docs-metrics.ts`. A test holds that they are up to date.
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { declarationOf, metricNames } from '../lib/metrics/catalogue.ts'
import type { LabelValues } from '../lib/metrics/declare.ts'
import { pricesAsOf, usualPrices } from '../lib/metrics/prices.ts'

/** The document whose tables this script writes. */
export const target = new URL('../docs/metrics.md', import.meta.url)

const code = (text: string) => `\`${text}\``
const row = (...cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

function valuesOf(values: LabelValues): string {
  return 'most' in values ? `the first ${values.most}` : values.map(code).join(' ')
}

function metricsTable(): string {
  const rows = metricNames.map((name) => {
    const { prometheus, kind, unit, labels, help, cloudwatch, fleet } = declarationOf(name)
    const said = Object.entries(labels).map(([label, values]) => `${code(label)}: ${valuesOf(values)}`)
    const marks = [fleet === true ? 'S' : '', cloudwatch === undefined ? '' : `CW ${cloudwatch}`]
      .filter(Boolean)
      .join(', ')
    return row(`${code(name)}<br>${code(prometheus)}`, `${kind}, ${unit}`, said.join('<br>'), help, marks)
  })
  return [
    row('name, and in Prometheus', 'kind', 'labels', 'what it says', ''),
    row(...Array(5).fill('---')),
    ...rows,
  ].join('\n')
}

function pricesTable(): string {
  const rows = Object.entries(usualPrices).map(([name, price]) => {
    const million = price * 1_000_000
    return row(
      code(name),
      price === 0 ? '0' : String(Number(price.toPrecision(6))),
      String(Number(million.toPrecision(6))),
    )
  })
  const head = `As of ${pricesAsOf.day}, ${pricesAsOf.region}, US dollars. Written down from memory: compare them with AWS's list before you rely on them.`
  return [head, '', row('unit', 'for one', 'for a million'), row('---', '---', '---'), ...rows].join('\n')
}

/** The document with its tables as they have to be; they stand between `<!-- name -->` and `<!-- /name -->`. */
export function metricsMarkdown(text: string): string {
  return Object.entries({ metrics: metricsTable(), prices: pricesTable() }).reduce(
    (done, [name, table]) =>
      done.replace(
        new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`),
        (_, before, after) => `${before}\n${table}\n\n${after}`,
      ),
    text,
  )
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(target, metricsMarkdown(readFileSync(target, 'utf8')))
}
