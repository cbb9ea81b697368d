import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineError } from '../../lib/errors.ts'
import { openOllama } from '../../lib/models/ollama.ts'
import type { RunRef } from '../../lib/runs/run.ts'
import { parser } from '../../lib/schema.ts'
import { startLate } from '../../lib/steps/enrich/late/look.ts'
import { forgetWaiting, hasten, LateSchema, lateTopic } from '../../lib/steps/enrich/late/waiting.ts'
import { ollamaEnrich } from '../../lib/steps/enrich/step.ts'
import type { EnrichConfig } from '../../lib/steps/enrich/step-schema.ts'
import type { StepNode } from '../kit/step-node.ts'

const lates = parser(LateSchema, 'What waited for the model')

/**
 * Looks after what had to wait for the model: while something waits it looks whether the model is back, and starts a run for each through the
 * outbox. Such a run executes the step again and comes out at the second output.
 */
export function keepLate({ handle, config, stores }: StepNode<EnrichConfig>): (removed: boolean) => Promise<void> {
  const { path, signal, log } = handle
  const llm = openOllama(config.ollama)
  let looking: Promise<void> | undefined

  const look = (): Promise<void> => {
    looking ??= lookOnce()
      .catch((thrown: unknown) => {
        if (!signal.aborted) log.debug('What waits for the model waits on', { error: PipelineError.from(thrown) })
      })
      .finally(() => {
        looking = undefined
      })
    return looking
  }

  async function lookOnce(): Promise<void> {
    const store = await stores.engine(signal)
    const started = await startLate(path, { model: config.model, llm, store }, signal)
    if (started > 0) log.info('The model is back: what waited for it is enriched', { started })
  }

  async function enrich(run: RunRef, given: unknown): Promise<void> {
    const engine = await stores.engine(signal)
    try {
      const { input, waited } = lates.parse(given)
      const { output } = await engine.execute({
        step: ollamaEnrich,
        config,
        node: path,
        input: { ...input, waited },
        run,
        signal,
        log,
      })
      if (output.outcome === 'deferred') {
        // it is in the table again, and the next one is another run
        await engine.end(run, { outcome: 'done' })
        handle.status({ mood: 'waiting', key: 'status.deferred' })
        return
      }
      handle.send([null, { payload: output, run }])
      handle.status({ mood: output.enriched ? 'done' : 'warning', key: 'status.late' })
      await engine.change((tx) => hasten(tx, path, new Date()))
      await look()
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      // its run goes on elsewhere, or later
      if (error.code === 'FENCED' || error.code === 'STOPPED' || signal.aborted) return
      log.error('What waited for the model could not be enriched', { run: run.id, error })
      handle.status({ mood: 'error', key: 'status.failed' })
      await engine.end(run, { outcome: 'failed', error })
    }
  }

  const withdraw = stores.register(path, {
    topic: lateTopic(path),
    send(run, input) {
      enrich(run, input).catch((thrown: unknown) => {
        if (!signal.aborted)
          log.error('A late run could not be ended', { run: run.id, error: PipelineError.from(thrown) })
      })
    },
  })
  void keepLooking(look, config.lookSeconds * 1_000, signal)

  return async (removed) => {
    if (!removed) return withdraw()
    // before the stores close: who deletes the node wants nothing of it any more
    withdraw()
    const engine = await stores.engine().catch(() => undefined)
    await engine?.change((tx) => forgetWaiting(tx, path))
  }
}

async function keepLooking(look: () => Promise<void>, everyMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // the node is closed
    await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined)
    if (!signal.aborted) await look()
  }
}
