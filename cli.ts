#!/usr/bin/env node
import { main } from './lib/cli/main.ts'

// Whoever reads may stop reading: `ysh-pipeline dead-letters list | head`.
process.stdout.on('error', (error: Error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit(0)
  throw error
})
process.exitCode = await main(process.argv.slice(2), {
  env: process.env,
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
  metrics: async (options) => (await import('./lib/metrics/process/open.ts')).openProcessMetrics(options),
})
