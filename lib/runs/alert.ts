import { type Infer, parser, Type } from '../schema.ts'
import { alertTexts } from './alert-text.ts'
import { TierSchema } from './fallback.ts'

/** The outbox topic of alerts. */
export const alertTopic = 'alert'

/** What readers get while the primary does not serve. */
export const ServedSchema = Type.Object({
  tier: TierSchema,
  /** Age in seconds, when it was noted; null: not known, nor whether there is anything. */
  ageSeconds: Type.Union([Type.Number(), Type.Null()]),
  /** Version served, by part. */
  versions: Type.Record(Type.String(), Type.Integer()),
})
/** {@link ServedSchema} as a type. */
export type Served = Infer<typeof ServedSchema>

/** What the primary had that was not served meanwhile. All zero: what was served was right. */
export const DifferenceSchema = Type.Object({
  new: Type.Integer(),
  changed: Type.Integer(),
  vanished: Type.Integer(),
})
/** {@link DifferenceSchema} as a type. */
export type Difference = Infer<typeof DifferenceSchema>

/** Something an incident affects, in an alert. */
export const AffectedSchema = Type.Object({
  /** The dataset, or whatever the incident was raised for. */
  item: Type.String(),
  failures: Type.Integer(),
  /** Null: its readers get nothing. */
  served: Type.Union([
    Type.Object({ tier: TierSchema, ageSeconds: Type.Union([Type.Number(), Type.Null()]) }),
    Type.Null(),
  ]),
  /** Null: not known (yet), or there is nothing to compare. */
  difference: Type.Union([DifferenceSchema, Type.Null()]),
})
/** {@link AffectedSchema} as a type. */
export type Affected = Infer<typeof AffectedSchema>

const TextSchema = Type.Object({ subject: Type.String(), body: Type.String() })

/** What an administrator is told about an incident: the payload of an outbox entry of the topic `alert`. */
export const AlertSchema = Type.Object({
  event: Type.Enum(['opened', 'reopened', 'closed']),
  /** Id of the incident. */
  incident: Type.String(),
  /** What is broken, as a key. */
  key: Type.String(),
  kind: Type.Enum(['source', 'dataset', 'custom']),
  /** What is broken, for a person: the source's address, the dataset. */
  what: Type.String(),
  /** ISO. */
  since: Type.String(),
  /** ISO; null while it is open. */
  until: Type.Union([Type.String(), Type.Null()]),
  failures: Type.Integer(),
  /** How often it came back soon after it was over. */
  flaps: Type.Integer(),
  error: Type.Object({ code: Type.String(), message: Type.String() }),
  /** At most 50; those with differences first. */
  affected: Type.Array(AffectedSchema),
  /** How many more are affected. */
  more: Type.Integer(),
  texts: Type.Object({ 'pt-BR': TextSchema, 'en-US': TextSchema }),
})
/** {@link AlertSchema} as a type. */
export type Alert = Infer<typeof AlertSchema>
/** What the texts of an alert are made of. */
export type AlertFacts = Omit<Alert, 'texts'>

const alerts = parser(AlertSchema, 'An alert')
const maxAffected = 50

/** An alert with its texts. */
export function makeAlert(facts: Omit<AlertFacts, 'more'>): Alert {
  const ordered = [...facts.affected].sort((a, b) => Number(differs(b.difference)) - Number(differs(a.difference)))
  const shown = {
    ...facts,
    error: { code: facts.error.code, message: facts.error.message.slice(0, 500) },
    affected: ordered.slice(0, maxAffected).map(({ item, served, ...rest }) => ({
      item: item.slice(0, 200),
      served: served && { tier: served.tier, ageSeconds: served.ageSeconds },
      ...rest,
    })),
    more: Math.max(0, ordered.length - maxAffected),
  }
  return { ...shown, texts: alertTexts(shown) }
}

/** Whether `given` is an alert; else it is not from this package. */
export function isAlert(given: unknown): given is Alert {
  return alerts.problems(given).length === 0
}

/** What a run for an alert begins with, as properties of the message. */
export interface AlertMessage {
  /** The subject. */
  topic: string
  payload: Alert | string
  alert: Alert
}

/** An alert as `ysh-alerts` sends it: as an object, or its text, for an e-mail. */
export function alertMessage(
  alert: Alert,
  { language, content }: { language: keyof Alert['texts']; content: 'alert' | 'text' },
): AlertMessage {
  const { subject, body } = alert.texts[language]
  return { topic: subject, payload: content === 'text' ? body : alert, alert }
}

/** Whether something else was served than the primary had. */
export function differs(difference: Difference | null): boolean {
  return difference !== null && difference.new + difference.changed + difference.vanished > 0
}
