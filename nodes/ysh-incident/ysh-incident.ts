import { PipelineError } from '../../lib/errors.ts'
import { splitPath } from '../../lib/runs/identity.ts'
import { incidentStep } from '../../lib/steps/incident.ts'
import { copyOf } from '../kit/copy.ts'
import type { ConfigOf } from '../kit/declaration.ts'
import { registerNode } from '../kit/node.ts'
import type { Message, Red } from '../kit/red.ts'
import { caughtError } from '../kit/run-message.ts'
import { runOf } from '../kit/run-ref.ts'
import { StoresService } from '../kit/stores-service.ts'
import { declaration } from './declaration.ts'

type Config = ConfigOf<typeof declaration>

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
        const input = inputOf(message, config, run === undefined ? '' : splitPath(run.item).key)
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

function inputOf(message: Message, config: Config, item: string) {
  const caught = caughtError(message)
  const action = config.action === 'auto' ? (caught === undefined ? 'resolve' : 'raise') : config.action
  const key = config.key === '' ? textAt(message, config.keyProperty) : config.key
  if (key === undefined || key === '') {
    throw new PipelineError('INCIDENT_KEY', `msg.${config.keyProperty} holds no text to name the incident by`)
  }
  return {
    action,
    key,
    item:
      action === 'resolve' && config.whole
        ? null
        : ((config.itemProperty === '' ? undefined : textAt(message, config.itemProperty)) ?? item),
    error: { code: caught?.code ?? 'RAISED', message: caught?.message ?? 'Raised by the flow' },
    ...(config.serves === 'nothing' ? {} : { served: { tier: config.serves, ageSeconds: ageOf(message) } }),
  } as const
}

/** The text at a path such as `payload.dataset`; undefined where there is none. */
function textAt(message: Message, path: string): string | undefined {
  let value: unknown = message
  for (const name of path.replace(/^msg\./, '').split('.')) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Object.getOwnPropertyDescriptor(value, name)?.value
  }
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Of a manifest that says how old it is; null where nobody does. */
function ageOf({ payload }: Message): number | null {
  const age: unknown =
    typeof payload === 'object' && payload !== null
      ? Object.getOwnPropertyDescriptor(payload, 'ageSeconds')?.value
      : undefined
  return typeof age === 'number' ? age : null
}

function withoutError({ error: _, ...message }: Message): Message {
  return message
}
