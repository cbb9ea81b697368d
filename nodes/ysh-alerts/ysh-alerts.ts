import { AlertSchema, alertTopic } from '../../lib/runs/alert.ts'
import { parser } from '../../lib/schema.ts'
import { registerNode } from '../kit/node.ts'
import type { Red } from '../kit/red.ts'
import { StoresService } from '../kit/stores-service.ts'
import { declaration } from './declaration.ts'

const alerts = parser(AlertSchema, 'An alert')

/**
 * Each alert of the outbox starts a run of this flow, once: its slot is the alert's key. The alert counts as delivered when its
 * run exists; from then on the run is sent anew until it ends.
 */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    const { language, content, stallSeconds } = handle.config
    const withdraw = handle.use('stores', StoresService).register(handle.path, {
      stallMs: stallSeconds * 1_000,
      topic: alertTopic,
      send(run, input) {
        if (alerts.problems(input).length > 0) {
          // Not from this package. A run that nobody sends would stall; its flow shall see what came.
          handle.log.warn('An alert of an unknown form', { run: run.id })
          handle.send([{ payload: input, run }])
          return
        }
        const alert = alerts.parse(input)
        const { subject, body } = alert.texts[language]
        handle.send([{ topic: subject, payload: content === 'text' ? body : alert, alert, run }])
        handle.status({ mood: alert.event === 'closed' ? 'done' : 'warning', key: `status.${alert.event}` })
      },
    })
    handle.status({ mood: 'idle', key: 'status.ready' })
    return { close: withdraw }
  })
}
