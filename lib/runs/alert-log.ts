import { parser } from '../schema.ts'
import type { Logger } from '../steps/step.ts'
import { AlertSchema } from './alert.ts'
import type { OutboxReceiver } from './outbox-lane.ts'

const alerts = parser(AlertSchema, 'An alert')

/** The receiver of alerts where no flow takes them: one warning in the log, in both languages. */
export function logAlert(log: Logger): OutboxReceiver {
  return async ({ payload }) => {
    const { texts, incident, event, since, until, affected, more } = alerts.parse(payload)
    const items = affected.map(({ item }) => item)
    log.warn(`ALERT ${texts['en-US'].subject} | ALERTA ${texts['pt-BR'].subject}`, {
      ...{ incident, event, since, until },
      affected: more > 0 ? [...items, `+${more}`] : items,
    })
  }
}
