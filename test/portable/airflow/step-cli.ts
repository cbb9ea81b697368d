import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { parseArgs } from 'node:util'

/**
 * A stub of `ysh-pipeline step`: a process like the real one, with its arguments, files and exit codes, whose work is done by the scripted
 * runtime in the test's own process (YSH_STUB_PORT).
 */
const text = { type: 'string' } as const
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { plan: text, node: text, run: text, item: text, attempt: text, input: text, out: text },
})
const call = readFileSync(0, 'utf8')
const { plan = '', node, run, item, attempt, input, out = '' } = values
const asked = JSON.parse(call)
const problems = [
  ...(positionals[0] === 'step' && positionals.length === 2 ? [] : ['step NAME']),
  ...(existsSync(plan) ? [] : ['--plan']),
  ...(node?.endsWith(asked.units[0]) === true ? [] : ['--node']),
  ...(run !== undefined && run !== '' ? [] : ['--run']),
  ...((item ?? '') === (asked.state.run?.item ?? '') ? [] : ['--item']),
  ...(Number(attempt) === asked.retries + 1 ? [] : ['--attempt']),
  ...(input === '-' ? [] : ['--input']),
]
if (problems.length > 0) {
  process.stderr.write(`wrong arguments: ${problems.join(', ')}\n`)
  process.exit(2)
}
process.stderr.write(`stub of ${positionals[1]}\n`)
const sent = request({ port: Number(process.env.YSH_STUB_PORT), host: '127.0.0.1', method: 'POST' }, (answer) => {
  const parts: Buffer[] = []
  answer.on('data', (part: Buffer) => parts.push(part))
  answer.on('end', () => {
    writeFileSync(out, Buffer.concat(parts))
    process.stdout.write('{"a line": "behind the result"}\n')
    process.exit(Number(answer.headers['x-exit']))
  })
})
sent.end(call)
