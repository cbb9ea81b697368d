import { createVerify, X509Certificate } from 'node:crypto'
import { PipelineError } from '../../errors.ts'
import { type Infer, parser, Type } from '../../schema.ts'

/** A message as SNS pushes it. */
export const SnsMessageSchema = Type.Object({
  Type: Type.Enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']),
  MessageId: Type.String({ maxLength: 200 }),
  TopicArn: Type.String({ maxLength: 500 }),
  Subject: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  Message: Type.String(),
  Timestamp: Type.String({ maxLength: 100 }),
  Token: Type.Optional(Type.String()),
  SubscribeURL: Type.Optional(Type.String({ maxLength: 2_000 })),
  SignatureVersion: Type.Enum(['1', '2']),
  Signature: Type.String({ maxLength: 2_000 }),
  SigningCertURL: Type.String({ maxLength: 2_000 }),
})
/** {@link SnsMessageSchema} as a type. */
export type SnsMessage = Infer<typeof SnsMessageSchema>
const messages = parser(SnsMessageSchema, 'A message of SNS', 'EVENT_INVALID')

/** Addresses of SNS itself; a certificate from anywhere else would prove nothing. */
const host = /^sns\.[a-z0-9-]{3,40}\.amazonaws\.com(\.cn)?$/
const hashes = { '1': 'RSA-SHA1', '2': 'RSA-SHA256' } as const
const maxCertificates = 20

/** Whether an address is one of SNS, by https. */
export function isSnsAddress(address: string): boolean {
  const url = URL.parse(address)
  return (
    url !== null &&
    url.protocol === 'https:' &&
    host.test(url.hostname) &&
    url.port === '' &&
    url.username === '' &&
    url.password === ''
  )
}

/** What is needed to check messages. */
export interface SnsOptions {
  /** The one topic whose messages are taken. */
  topicArn: string
  /** Fetches a certificate (PEM), from an address that {@link isSnsAddress} has admitted. */
  certificate(url: string): Promise<string>
  /** Milliseconds since 1970. */
  now(): number
}

/** Checks messages of one topic; certificates are kept, at most 20. */
export class SnsCheck {
  readonly #options: SnsOptions
  readonly #certificates = new Map<string, X509Certificate>()

  constructor(options: SnsOptions) {
    this.#options = options
  }

  /**
   * The message in a pushed body, proved to be from SNS and of the topic. Throws EVENT_INVALID, EVENT_TOPIC, EVENT_SIGNATURE; and what
   * fetching the certificate throws.
   */
  async check(body: string): Promise<SnsMessage> {
    const parsed = messages.parse(json(body))
    if (parsed.TopicArn !== this.#options.topicArn) {
      throw new PipelineError(
        'EVENT_TOPIC',
        `A message of the topic ${JSON.stringify(parsed.TopicArn.slice(0, 200))}, which is not configured here`,
      )
    }
    if (!isSnsAddress(parsed.SigningCertURL) || !URL.parse(parsed.SigningCertURL)?.pathname.endsWith('.pem')) {
      throw unsigned('its certificate is not from SNS')
    }
    const certificate = await this.#certificate(parsed.SigningCertURL)
    const proved = createVerify(hashes[parsed.SignatureVersion])
      .update(signedText(parsed), 'utf8')
      .verify(certificate.publicKey, parsed.Signature, 'base64')
    if (!proved) throw unsigned('its signature is wrong')
    return parsed
  }

  async #certificate(url: string): Promise<X509Certificate> {
    const known = this.#certificates.get(url)
    const now = this.#options.now()
    const certificate = known ?? certificateOf(await this.#options.certificate(url))
    if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo)) {
      this.#certificates.delete(url)
      throw unsigned('its certificate is not valid today')
    }
    if (known === undefined && this.#certificates.size >= maxCertificates) this.#certificates.clear()
    this.#certificates.set(url, certificate)
    return certificate
  }
}

/** What SNS signs: some properties in the order of their names, each name and value on a line. */
export function signedText(sent: Omit<SnsMessage, 'Signature' | 'SignatureVersion' | 'SigningCertURL'>): string {
  const names =
    sent.Type === 'Notification'
      ? (['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'] as const)
      : (['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'] as const)
  return names
    .flatMap((name) => {
      const value = sent[name]
      return value === undefined || value === null ? [] : [`${name}\n${value}\n`]
    })
    .join('')
}
function certificateOf(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    throw unsigned('its certificate cannot be read')
  }
}

function json(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw new PipelineError('EVENT_INVALID', 'A message that is no JSON')
  }
}

function unsigned(why: string): PipelineError {
  return new PipelineError('EVENT_SIGNATURE', `A message that is not proved to be from SNS: ${why}`)
}
