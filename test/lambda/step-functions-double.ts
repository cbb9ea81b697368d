import { createServer } from 'node:http'
import { isRecord } from '../../lib/flow-check/node.ts'

/** What was started. */
export interface Started {
  machine: string
  name: string
  input: unknown
}

/** StartExecution of Step Functions: names are used once for each state machine, and another use is refused as AWS does. */
export interface StepFunctionsDouble {
  url: string
  started: Started[]
  /** How often a name came that was used already. */
  again(): number
  /** The next answer is lost, after the execution has begun. */
  loseAnswer(): void
  close(): Promise<void>
}

/** Starts one on loopback. A request without a signature for `states` is refused. */
export async function startStepFunctions(): Promise<StepFunctionsDouble> {
  const started: Started[] = []
  let again = 0
  let lose = false
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(Buffer.from(part))
    const asked: unknown = JSON.parse(Buffer.concat(parts).toString())
    const fail = (type: string) => {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' })
      response.end(JSON.stringify({ __type: `com.amazonaws.swf.service.v2.model#${type}`, message: type }))
    }
    const isSigned = /^AWS4-HMAC-SHA256 .*\/states\/aws4_request/.test(request.headers.authorization ?? '')
    if (!isSigned || request.headers['x-amz-target'] !== 'AWSStepFunctions.StartExecution') return fail('AccessDenied')
    if (!isRecord(asked)) return fail('ValidationException')
    const [machine, name, text] = [asked.stateMachineArn, asked.name, asked.input].map(String)
    if (machine === undefined || text === undefined || !/^[A-Za-z0-9_-]{1,80}$/.test(name ?? ''))
      return fail('InvalidName')
    if (started.some((one) => one.machine === machine && one.name === name)) {
      again += 1
      return fail('ExecutionAlreadyExists')
    }
    started.push({ machine, name: name ?? '', input: JSON.parse(text) })
    if (lose) {
      lose = false
      request.socket.destroy()
      return
    }
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(JSON.stringify({ executionArn: `${machine}:${name}`, startDate: Date.now() / 1_000 }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    ...{ url: `http://127.0.0.1:${port}`, started, again: () => again },
    loseAnswer: () => {
      lose = true
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
