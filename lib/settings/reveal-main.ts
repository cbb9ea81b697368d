import { text } from 'node:stream/consumers'
import { PipelineError } from '../errors.ts'
import { revealAll } from '../secrets/reveal.ts'

// A child of the settings, which Node-RED reads at once and which cannot wait: references in by stdin, secrets out by stdout. Nothing is in its
// arguments, which others on the machine can see.
try {
  const given: Record<string, string> = JSON.parse(await text(process.stdin))
  process.stdout.write(JSON.stringify({ values: await revealAll(given) }))
} catch (thrown) {
  const { code, message } = PipelineError.from(thrown)
  process.stdout.write(JSON.stringify({ problem: `${code}: ${message}` }))
}
