import { execFileSync } from 'node:child_process'
import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { signedText } from '../../lib/steps/events/sns.ts'

/** A private key and its certificate (PEM). */
export interface Signer {
  key: KeyObject
  certificate: string
}

/** What {@link signed} signs. */
export type Unsigned = Parameters<typeof signedText>[0]

/** A key and its certificate for a host, made with openssl (Node makes no certificates) in `folder`. */
export function signer(folder: string, days: number, host = 'sns.amazonaws.com'): Signer {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const [file, out] = [join(folder, `${days}.key`), join(folder, `${days}.pem`)]
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-new', '-key', file, '-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`],
      ...['-days', String(days), '-out', out],
    ],
    { stdio: 'pipe', timeout: 30_000 },
  )
  return { key: privateKey, certificate: readFileSync(out, 'utf8') }
}

/** The body that SNS would push. */
export function signed(message: Unsigned, by: KeyObject, certificateUrl: string, version: '1' | '2' = '2'): string {
  const Signature = createSign(version === '1' ? 'RSA-SHA1' : 'RSA-SHA256')
    .update(signedText(message), 'utf8')
    .sign(by, 'base64')
  return JSON.stringify({ ...message, SignatureVersion: version, Signature, SigningCertURL: certificateUrl })
}

/** SNS's own server, which hands out the certificate and takes confirmations, by TLS. */
export interface SnsDouble {
  /** What the address of the certificate is. */
  certificateUrl: string
  key: KeyObject
  /** Paths that were asked for. */
  asked: string[]
  /** For the process that is to find the double under SNS's name: the name leads to a public address, the connection here. */
  env: Record<string, string>
  close(): Promise<void>
}

/** Starts one for a region. */
export async function startSnsDouble(region: string): Promise<SnsDouble> {
  const host = `sns.${region}.amazonaws.com`
  const folder = mkdtempSync(join(tmpdir(), 'sns-'))
  const { key, certificate } = signer(folder, 30, host)
  const asked: string[] = []
  const pem = key.export({ type: 'pkcs8', format: 'pem' })
  const server = createServer({ key: pem, cert: certificate }, (request, response) => {
    asked.push(request.url ?? '')
    if (request.url?.endsWith('.pem')) response.end(certificate)
    else response.writeHead(request.url?.includes('Action=ConfirmSubscription') ? 200 : 404).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  const preload = fileURLToPath(new URL('sns-network.ts', import.meta.url))
  return {
    ...{ certificateUrl: `https://${host}/SimpleNotificationService-0.pem`, key, asked },
    env: {
      NODE_OPTIONS: `--import=${preload}`,
      NODE_EXTRA_CA_CERTS: join(folder, '30.pem'),
      YSH_TEST_SNS: `${host}:${address.port}`,
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
