import { alertMessage, alertTopic, isAlert } from '../../lib/runs/alert.ts'
import { registerNode } from '../kit/node.ts'
import type { Red } from '../kit/red.ts'
import { StoresService } from '../kit/stores-service.ts'
import { declaration } from './declaration.ts'

/**
 * Each alert of the outbox starts a run of this flow, once: its slot is the alert's key. The alert counts as delivered when its
 * run exists; from then on the run is sent anew until it ends.
 */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    const { stallSeconds, ...how } = handle.config
    const withdraw = handle.use('stores', StoresService).register(handle.path, {
      stallMs: stallSeconds * 1_000,
      topic: alertTopic,
      send(run, input) {
        if (!isAlert(input)) {
          // Not from this package. A run that nobody sends would stall; its flow shall see what came.
          handle.log.warn('An alert of an unknown form', { run: run.id })
          handle.send([{ payload: input, run }])
          return
        }
        handle.send([{ ...alertMessage(input, how), run }])
        handle.status({ mood: input.event === 'closed' ? 'done' : 'warning', key: `status.${input.event}` })
      },
    })
    handle.status({ mood: 'idle', key: 'status.ready' })
    return { close: withdraw }
  })
}
