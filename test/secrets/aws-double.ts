import { once } from 'node:events'
import { createServer } from 'node:http'

/** A double of SSM Parameter Store and Secrets Manager: their JSON protocol for the two calls that are made, over HTTP. */
export interface AwsDouble {
  readonly url: string
  /** Targets asked for, in order. */
  readonly asked: string[]
  parameters: Map<string, string>
  secrets: Map<string, string>
  /** Answers everything with this error of AWS. */
  failing: { status: number; type: string } | undefined
  /** Does not answer at all. */
  silent: boolean
  /** For the process under test. */
  env(): Record<string, string>
  close(): Promise<void>
}

export async function startAwsDouble(): Promise<AwsDouble> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const target = String(request.headers['x-amz-target'])
      const body: { Name?: string; WithDecryption?: boolean; SecretId?: string } = JSON.parse(
        Buffer.concat(chunks).toString('utf8'),
      )
      double.asked.push(`${target} ${body.Name ?? body.SecretId}`)
      if (double.silent) return
      const answer = (status: number, json: object) => {
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
        response.end(JSON.stringify(json))
      }
      const refuse = (status: number, type: string) => answer(status, { __type: type, message: `about ${body.Name}` })
      if (double.failing !== undefined) return refuse(double.failing.status, double.failing.type)
      const signed = /^AWS4-HMAC-SHA256 Credential=AKIDDOUBLE\//.test(String(request.headers.authorization))
      if (!signed) return refuse(400, 'UnrecognizedClientException')
      if (target === 'AmazonSSM.GetParameter') {
        const value = double.parameters.get(body.Name ?? '')
        if (value === undefined) return refuse(400, 'ParameterNotFound')
        return answer(200, {
          Parameter: { Name: body.Name, Value: body.WithDecryption === true ? value : 'encrypted' },
        })
      }
      if (target === 'secretsmanager.GetSecretValue') {
        const value = double.secrets.get(body.SecretId ?? '')
        if (value === undefined) return refuse(400, 'ResourceNotFoundException')
        return answer(200, { Name: body.SecretId, SecretString: value })
      }
      return refuse(400, 'UnknownOperationException')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  const url = `http://127.0.0.1:${address.port}`
  const double: AwsDouble = {
    ...{ url, asked: [], parameters: new Map(), secrets: new Map(), failing: undefined, silent: false },
    env: () => ({
      ...{ AWS_ENDPOINT_URL_SSM: url, AWS_ENDPOINT_URL_SECRETS_MANAGER: url, AWS_REGION: 'sa-east-1' },
      ...{ AWS_ACCESS_KEY_ID: 'AKIDDOUBLE', AWS_SECRET_ACCESS_KEY: 'double' },
    }),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return double
}
