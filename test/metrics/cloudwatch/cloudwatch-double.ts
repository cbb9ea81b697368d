import { createServer } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { Ajv } from 'ajv'

/** A metric of a request. */
export interface Put {
  MetricName: string
  Dimensions: { Name: string; Value: string }[]
  Timestamp: number
  Unit: string
  Values: number[]
  Counts: number[]
}

const text = { type: 'string', minLength: 1, maxLength: 255 }
/** What the API reference says of PutMetricData, as far as we use it. */
const valid = new Ajv().compile<{ Namespace: string; MetricData: Put[] }>({
  type: 'object',
  required: ['Namespace', 'MetricData'],
  additionalProperties: false,
  properties: {
    Namespace: { ...text, pattern: '^[^:].*' },
    MetricData: {
      type: 'array',
      minItems: 1,
      maxItems: 1_000,
      items: {
        type: 'object',
        required: ['MetricName', 'Values', 'Counts'],
        additionalProperties: false,
        properties: {
          MetricName: text,
          Timestamp: { type: 'number' },
          Unit: { enum: ['Seconds', 'Bytes', 'Count', 'None'] },
          StorageResolution: { enum: [1, 60] },
          Dimensions: {
            type: 'array',
            maxItems: 30,
            items: { type: 'object', required: ['Name', 'Value'], properties: { Name: text, Value: text } },
          },
          Values: { type: 'array', minItems: 1, maxItems: 150, items: { type: 'number' } },
          Counts: { type: 'array', minItems: 1, maxItems: 150, items: { type: 'number', exclusiveMinimum: 0 } },
        },
      },
    },
  },
})

/** A CloudWatch on loopback that takes PutMetricData and checks it against the published limits. */
export async function startCloudWatch() {
  const requests: { gzip: boolean; data: Put[] }[] = []
  const violations: string[] = []
  /** Answers of the next requests; an error name of AWS, or that it hangs. */
  const faults: ({ status: number; type: string } | 'hang')[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const fault = faults.shift()
      if (fault === 'hang') return
      const headers = { 'content-type': 'application/x-amz-json-1.0' }
      if (fault !== undefined) {
        response.writeHead(fault.status, headers).end(JSON.stringify({ __type: fault.type, message: 'of this test' }))
        return
      }
      const gzip = request.headers['content-encoding'] === 'gzip'
      const body = Buffer.concat(chunks)
      const given: unknown = JSON.parse((gzip ? gunzipSync(body) : body).toString('utf8'))
      if (body.length > 1_048_576) violations.push('more than 1 MB')
      if (!String(request.headers['x-amz-target']).endsWith('.PutMetricData')) violations.push('another operation')
      if (!valid(given)) violations.push(JSON.stringify(valid.errors))
      else if (given.Namespace !== 'YSH/Pipeline') violations.push(given.Namespace)
      else {
        for (const { Values, Counts, MetricName } of given.MetricData)
          if (Values.length !== Counts.length) violations.push(`${MetricName}: ${Values.length} values`)
        requests.push({ gzip, data: given.MetricData })
      }
      response.writeHead(200, headers).end('{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    requests,
    violations,
    faults,
    /** All that came, in order. */
    data: () => requests.flatMap(({ data }) => data),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
