import { type FauxqsServer, startFauxqs } from 'fauxqs'

/** What emulator and double take for credentials. */
export const anybody = { accessKeyId: 'test', secretAccessKey: 'geheim-7f3a', region: 'us-east-1' }

/** S3, SNS and SQS of an emulator on this machine. It knows no conditional puts, storage classes or restore: `s3-double.ts` does. */
export async function startAws(): Promise<FauxqsServer & { endpoint: string }> {
  const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false })
  return Object.assign(server, { endpoint: `http://127.0.0.1:${server.port}` })
}
