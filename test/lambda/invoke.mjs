// A plain Node process in Lambda's place: a JSON line `{handler, event}` on standard input is a call, a line `> {…}` its answer.
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const functions = await import(pathToFileURL(process.argv[2] ?? '').href)
for await (const line of createInterface({ input: process.stdin })) {
  const { handler, event } = JSON.parse(line)
  const until = Date.now() + Number(process.argv[3] ?? 30_000)
  const context = { awsRequestId: 'test', getRemainingTimeInMillis: () => until - Date.now() }
  try {
    process.stdout.write(`> ${JSON.stringify({ answer: await functions[handler](event, context) })}\n`)
  } catch (error) {
    process.stdout.write(`> ${JSON.stringify({ errorType: error.name, errorMessage: error.message })}\n`)
  }
}
process.exit(0)
