import { type Infer, Type } from '../../schema.ts'
import { referencePattern } from '../../secrets/reference.ts'
import type { Json } from '../../stores/cache/port.ts'

const strict = { additionalProperties: false }

/** One bare address: no name, nothing that could begin another header or another recipient. */
export const addressPattern = '^[^\\s<>@,;:"()\\[\\]\\\\\\x00-\\x1f]{1,64}@[^\\s<>@,;:"()\\[\\]\\\\\\x00-\\x1f]{1,250}$'

/** An SMTP server. User and password are no part of it. */
export const MailServerSchema = Type.Object(
  {
    host: Type.String({ default: '', maxLength: 255, pattern: '^[^\\s/]*$', description: 'Name of the SMTP server' }),
    port: Type.Integer({
      default: 587,
      minimum: 1,
      maximum: 65_535,
      description: '587, or 465 for TLS from the start',
    }),
    security: Type.Enum(['starttls', 'tls', 'none'], {
      default: 'starttls',
      description:
        'starttls: begins in the clear and must change to TLS before anything is said; tls: from the start; none: only for a server on the same machine',
    }),
    from: Type.String({
      default: '',
      maxLength: 320,
      pattern: `^$|${addressPattern}`,
      description: 'Address of the sender',
    }),
    fromName: Type.String({
      default: '',
      maxLength: 100,
      pattern: '^[^\\x00-\\x1f]*$',
      description: 'Name of the sender',
    }),
    timeoutMs: Type.Integer({
      default: 20_000,
      minimum: 100,
      maximum: 60_000,
      description: 'Longest wait for the server, in milliseconds',
    }),
  },
  strict,
)
/** {@link MailServerSchema} as a type. */
export type MailServer = Infer<typeof MailServerSchema>

/** Most recipients of one message in a channel. */
const maxRecipients = 50

/** Config of the step `notify`. */
export const NotifyConfigSchema = Type.Object(
  {
    content: Type.Enum(['message', 'summary'], {
      default: 'message',
      description: 'message: what the payload says; summary: what the run has brought so far',
    }),
    language: Type.Enum(['pt-BR', 'en-US'], { default: 'pt-BR', description: 'Language of the summary and of alerts' }),
    subject: Type.String({
      default: '',
      maxLength: 200,
      pattern: '^[^\\x00-\\x1f]*$',
      description: 'Subject; blank takes the one of the message',
    }),
    to: Type.Array(Type.String({ pattern: addressPattern }), {
      default: [],
      maxItems: maxRecipients,
      description: 'E-mail addresses; each gets a message of its own',
    }),
    webhooks: Type.Array(Type.String({ pattern: `^(https?://\\S+|${referencePattern})$`, maxLength: 2_000 }), {
      default: [],
      maxItems: 10,
      description: 'Addresses that get a signed POST with JSON, or references to them',
    }),
    snsTopic: Type.String({
      default: '',
      pattern: '^(|arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,256})$',
      description: 'ARN of an SNS topic',
    }),
    subscribers: Type.Boolean({
      default: false,
      description: 'Whether the message goes into the feed that subscribers read by WebSocket',
    }),
    giveUpHours: Type.Number({
      default: 72,
      minimum: 0.1,
      maximum: 720,
      description: 'A message that cannot be delivered for so long is given up, with an incident',
    }),
    /** Filled in from the node `ysh-mail`. */
    mail: Type.Optional(MailServerSchema),
  },
  strict,
)
/** {@link NotifyConfigSchema} as a type. */
export type NotifyConfig = Infer<typeof NotifyConfigSchema>

/** A file that goes along with an e-mail. */
export const AttachmentSchema = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 150, pattern: '^[^\\x00-\\x1f/\\\\]+$' }),
  /** SHA-256 of a stored file. */
  artifact: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  contentType: Type.Optional(Type.String({ maxLength: 100, pattern: '^[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+$' })),
})

/** Input of the step. */
export const NotifyInputSchema = Type.Object({
  subject: Type.Optional(Type.String({ maxLength: 1_000 })),
  text: Type.Optional(Type.String({ maxLength: 200_000 })),
  html: Type.Optional(Type.String({ maxLength: 500_000 })),
  /** For webhooks, SNS and subscribers: goes along as `data`. */
  data: Type.Optional(Type.Unsafe<Json>(Type.Unknown())),
  /** E-mail addresses instead of those of the settings. */
  to: Type.Optional(Type.Array(Type.String({ pattern: addressPattern }), { maxItems: maxRecipients })),
  attachments: Type.Optional(Type.Array(AttachmentSchema, { maxItems: 10 })),
  /** For a summary: another run than the message's own. */
  runId: Type.Optional(Type.String({ format: 'uuid' })),
})
/** {@link NotifyInputSchema} as a type. */
export type NotifyInput = Infer<typeof NotifyInputSchema>

/** The ways out. */
export const channels = ['mail', 'webhook', 'sns', 'subscribers'] as const
/** One of {@link channels}. */
export type ChannelName = (typeof channels)[number]

/** What the step tells: what was put into the outbox. */
export const NotifyOutputSchema = Type.Object({
  subject: Type.String(),
  /** Messages put into the outbox, by channel. */
  queued: Type.Object({
    mail: Type.Integer(),
    webhook: Type.Integer(),
    sns: Type.Integer(),
    subscribers: Type.Integer(),
  }),
  /** Keys of the entries: what receivers see as message id. */
  ids: Type.Array(Type.String()),
})
/** {@link NotifyOutputSchema} as a type. */
export type NotifyOutput = Infer<typeof NotifyOutputSchema>

/** Payload of an outbox entry: one message to one recipient. */
export const NoteSchema = Type.Object({
  /** Idempotency key, safe in a header. */
  id: Type.String(),
  /** Address, URL or a reference to it, or ARN; '' for subscribers. */
  recipient: Type.String(),
  subject: Type.String(),
  /** ISO: when it was put into the outbox. */
  at: Type.String(),
  run: Type.String(),
  /** Key of the stored {@link ContentSchema}. */
  content: Type.String(),
  attachments: Type.Array(AttachmentSchema),
})
/** {@link NoteSchema} as a type. */
export type Note = Infer<typeof NoteSchema>

/** What a message says. */
export const ContentSchema = Type.Object({
  text: Type.String(),
  html: Type.Optional(Type.String()),
  data: Type.Optional(Type.Unsafe<Json>(Type.Unknown())),
})
/** {@link ContentSchema} as a type. */
export type Content = Infer<typeof ContentSchema>
