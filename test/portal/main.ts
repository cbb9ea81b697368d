import { parseArgs } from 'node:util'
import { type DatasetSizes, PRESETS, startPortal } from './server.ts'

const HELP = `The replica of the ANEEL open data portal.

  node test/portal/main.ts [--port 8800] [--rows small|medium|large] [--samples DIR] [--publication N] [--today YYYY-MM-DD]

  --rows         how large the generated files are; large is about the portal's own sizes and takes minutes (default medium)
  --samples      a folder of real files to serve as the datasets their headers say
  --publication  which state of the data; each is a day later and 1 % different (default 0)
  --today        the day of publication 0
`

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8800' },
    rows: { type: 'string' },
    samples: { type: 'string' },
    publication: { type: 'string' },
    today: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})

function preset(name: string | undefined): DatasetSizes | undefined {
  if (name === undefined) return undefined
  if (name === 'small' || name === 'medium' || name === 'large') return PRESETS[name]
  throw new RangeError(`--rows is small, medium or large, not ${name}`)
}

if (values.help === true) process.stdout.write(HELP)
else {
  const datasets = preset(values.rows)
  const portal = await startPortal({
    port: Number(values.port),
    ...(datasets === undefined ? {} : { datasets }),
    ...(values.samples === undefined ? {} : { samples: values.samples }),
    ...(values.publication === undefined ? {} : { publication: Number(values.publication) }),
    ...(values.today === undefined ? {} : { today: values.today }),
  })
  process.stdout.write(`${portal.url}\n`)
  for (const { file, dataset, rows } of portal.samples.mapped)
    process.stdout.write(`  ${file}: ${dataset}, ${rows} rows\n`)
  for (const { file, reason } of portal.samples.unmapped) process.stdout.write(`  ${file}: not served, ${reason}\n`)
  const stop = (): void => {
    portal.close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}
