import { PipelineError } from '../../lib/errors.ts'
import { splitPath } from '../../lib/runs/identity.ts'
import { incidentStep } from '../../lib/steps/incident.ts'
import { incidentInput } from '../../lib/steps/incident-input.ts'
import { copyOf } from '../kit/copy.ts'
import { registerNode } from '../kit/node.ts'
import type { Message, Red } from '../kit/red.ts'
import { runOf } from '../kit/run-ref.ts'
import { StoresService } from '../kit/stores-service.ts'
import { declaration } from './declaration.ts'

/**
 * Raises or resolves an incident. Output 1 when the administrator is to be told (opened, closed; the alert as payload), output 2
 * always, the message as it came.
 */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    const { config } = handle
    if (config.key === '' && config.keyProperty === '') {
      throw new PipelineError('CONFIG', 'Neither a key nor a property that holds it is given')
    }
    const stores = handle.use('stores', StoresService)
    return {
      async input(message, { signal }) {
        const engine = await stores.engine(signal)
        const run = runOf(message)
        const input = incidentInput(message, config, run === undefined ? '' : splitPath(run.item).key)
        const { output } = await engine.execute({
          step: incidentStep,
          config: { flapMinutes: config.flapMinutes },
          node: handle.path,
          input,
          run,
          signal,
          log: handle.log,
        })
        const { alert } = output
        const told: Message | null =
          alert === null
            ? null
            : { ...withoutError(copyOf(message)), payload: alert, topic: alert.texts['pt-BR'].subject }
        return {
          outputs: [told, message],
          status:
            input.action === 'raise' ? { mood: 'warning', key: 'status.open' } : { mood: 'done', key: 'status.closed' },
        }
      },
    }
  })
}

function withoutError({ error: _, ...message }: Message): Message {
  return message
}
