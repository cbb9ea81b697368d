import { PipelineError } from '../../errors.ts'
import { type Infer, parser, Type } from '../../schema.ts'
import type { ApiEvent } from './hub.ts'

/** Version of the protocol, as a WebSocket sub-protocol; it goes before that of the key. */
export const subProtocol = 'ysh.events.v1'
/** What a sub-protocol that carries a key or token begins with. */
export const keyProtocol = 'ysh.key.'

/** Most bytes of a message from a subscriber. */
export const maxMessage = 32 * 1024

/** Close codes of our own, and why; those of RFC 6455 besides. */
export const endings = {
  /** A message that cannot be read, or breaks the protocol. */
  wrong: 4400,
  /** No key or token, a wrong one, or one that has ended. */
  unknown: 4401,
  /** A scope is missing, or the API is not for this address. */
  forbidden: 4403,
  /** The reader was too slow. */
  slow: 4408,
  /** The position is no longer kept. */
  gone: 4409,
  /** Too many subscribers or requests. */
  many: 4429,
  /** The server closes. */
  away: 1001,
  /** For the moment; come back. */
  later: 1013,
} as const
export type Ending = keyof typeof endings

/** What a subscriber wants to hear of. */
export const TopicsSchema = Type.Array(
  Type.Object(
    {
      type: Type.Enum(['version', 'collection', 'run', 'alert']),
      subject: Type.Optional(Type.String({ minLength: 1, maxLength: 300 })),
    },
    { additionalProperties: false },
  ),
  { minItems: 1, maxItems: 100 },
)
const secret = Type.Optional(Type.String({ minLength: 1, maxLength: 8_000 }))

const HelloSchema = Type.Object(
  {
    type: Type.Literal('hello'),
    key: secret,
    token: secret,
    topics: TopicsSchema,
    after: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  },
  { additionalProperties: false },
)
const LaterSchema = Type.Union([
  Type.Object({ type: Type.Enum(['subscribe', 'unsubscribe']), topics: TopicsSchema }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('ping') }, { additionalProperties: false }),
])
/** The first message. */
export type Hello = Infer<typeof HelloSchema>
/** Any further message. */
export type Later = Infer<typeof LaterSchema>

const hellos = parser(HelloSchema, 'The first message', 'EVENTS_MESSAGE')
const laters = parser(LaterSchema, 'The message', 'EVENTS_MESSAGE')

/** Reads the first message. Throws EVENTS_MESSAGE. */
export function readHello(text: string | undefined): Hello {
  return hellos.parse(json(text))
}

/** Reads a further message. Throws EVENTS_MESSAGE. */
export function readLater(text: string | undefined): Later {
  return laters.parse(json(text))
}

function json(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    throw new PipelineError('EVENTS_MESSAGE', 'A message has to be JSON, as text')
  }
}

const frames = new WeakMap<ApiEvent, Buffer>()

/** The message of an event; made once for all who get it. */
export function eventMessage(event: ApiEvent): Buffer {
  const known = frames.get(event)
  if (known !== undefined) return known
  const { position, type, subject, at, data } = event
  const made = Buffer.from(JSON.stringify({ type: 'event', position, topic: { type, subject }, at, data }))
  frames.set(event, made)
  return made
}

/** The message of an error. Of its details only what a subscriber can use. */
export function errorMessage({ code, message, retryAfterMs, details }: PipelineError): string {
  const { oldest, newest } = code === 'EVENTS_GONE' ? (details ?? {}) : {}
  return JSON.stringify({ type: 'error', code, message, retryAfterMs, oldest, newest })
}

/** How a session ends because of an error; what is not named is the server's own trouble. */
export function endingOf({ code }: PipelineError): Ending {
  switch (code) {
    case 'EVENTS_MESSAGE':
      return 'wrong'
    case 'API_UNKNOWN_CALLER':
      return 'unknown'
    case 'API_SCOPE':
    case 'API_LOOPBACK_ONLY':
      return 'forbidden'
    case 'SUBSCRIBER_SLOW':
      return 'slow'
    case 'EVENTS_GONE':
      return 'gone'
    case 'API_RATE':
    case 'EVENTS_FULL':
      return 'many'
    default:
      return 'later'
  }
}
