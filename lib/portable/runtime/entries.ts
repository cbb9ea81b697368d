import { resolve } from 'node:path'
import { PipelineError } from '../../errors.ts'
import { caughtError } from '../../runs/caught.ts'
import { executeStep } from '../../runs/execute.ts'
import { splitPath } from '../../runs/identity.ts'
import { changeEntry, switchEntry } from './core-entries.ts'
import { nodeConfig, type StepEntry, stepEntry } from './step-entry.ts'

/** Loads what does a node type; each only when it is needed, so that a cold start pays for one. */
export type Entries = Readonly<Record<string, () => Promise<StepEntry>>>

/** The node types of this palette as the runtime does them. The ports are those of the plan (`lib/portable/plan/kinds.ts`). */
export const stepEntries: Entries = {
  change: async () => changeEntry,
  switch: async () => switchEntry,
  'ysh-aneel-fetch': async () => {
    const { aneelFetch } = await import('../../steps/aneel/fetch.ts')
    return stepEntry(aneelFetch, {
      inputOf(message, known, { mode }) {
        const caught = mode === 'cached' ? caughtError(message) : undefined
        return caught === undefined ? known : { why: caught.code, ...known }
      },
      portOf: ({ outcome }) => (outcome === 'published' ? 'published' : 'unchanged'),
    })
  },
  'ysh-utility-scrape': async () => {
    const { utilityScrape } = await import('../../steps/utility/scrape.ts')
    return stepEntry(utilityScrape, {
      portOf: ({ outcome }) => (outcome === 'published' || outcome === 'unchanged' ? outcome : 'held'),
    })
  },
  'ysh-pdf-extract': async () => {
    const { pdfExtract } = await import('../../steps/pdf/step.ts')
    return stepEntry(pdfExtract, { portOf: ({ outcome }) => (outcome === 'unchanged' ? 'unchanged' : 'extracted') })
  },
  'ysh-ollama-enrich': async () => {
    const { ollamaEnrich } = await import('../../steps/enrich/step.ts')
    const { checkEnrichConfig } = await import('../../steps/enrich/enrich.ts')
    const { hasten, LateSchema } = await import('../../steps/enrich/late/waiting.ts')
    const { parser } = await import('../../schema.ts')
    const lates = parser(LateSchema, 'What waited for the model')
    const late = stepEntry(ollamaEnrich, {
      check: checkEnrichConfig,
      inputOf({ payload }) {
        const { input, waited } = lates.parse(payload)
        return { ...input, waited }
      },
      portOf: ({ outcome }) => (outcome === 'deferred' ? 'deferred' : 'late'),
    })
    const usual = stepEntry(ollamaEnrich, {
      check: checkEnrichConfig,
      inputOf({ payload }, known) {
        if (typeof payload === 'string') return { text: payload }
        if (Array.isArray(payload)) return { rows: payload }
        const { waited: _, ...rest } = known
        return rest
      },
      portOf: () => 'done',
    })
    return async (work) => {
      const { node, host } = work
      if (node.entry !== 'late') return usual(work)
      const result = await late(work)
      if (result.port === 'late') await hasten(host.stores.postgres, node.path, new Date())
      return result
    }
  },
  'ysh-vector-index': async () => {
    const { vectorIndex } = await import('../../steps/vector/index-step.ts')
    return stepEntry(vectorIndex, {
      portOf: ({ outcome }) => (outcome === 'indexed' || outcome === 'removed' ? 'indexed' : 'unchanged'),
    })
  },
  'ysh-vector-search': async () => {
    const { vectorSearch } = await import('../../steps/vector/search-step.ts')
    return stepEntry(vectorSearch, {
      inputOf: ({ payload }, known) => (typeof payload === 'string' ? { question: payload } : known),
      portOf: ({ hits }) => (hits.length > 0 ? 'found' : 'nothing'),
    })
  },
  'ysh-archive': async () => {
    const { archiveStep, checkArchive } = await import('../../steps/archive/step.ts')
    const entry = stepEntry(archiveStep, {
      check: checkArchive,
      portOf: ({ waiting }) => (waiting > 0 ? 'waiting' : 'done'),
    })
    return (work) => entry(inFolder(work))
  },
  'ysh-api-cache': async () => {
    const { apiCache } = await import('../../steps/api-cache/step.ts')
    return stepEntry(apiCache, { resultIn: 'apiCache', portOf: () => 'renewed' })
  },
  'ysh-notify': async () => {
    const { notify } = await import('../../steps/notify/step.ts')
    const { notifyInput } = await import('../../steps/notify/input.ts')
    return stepEntry(notify, {
      resultIn: 'notified',
      inputOf: (message, known, config, run) => notifyInput({ ...message, run }, known, config),
      portOf: () => 'queued',
    })
  },
  'ysh-incident': async () => {
    const { incidentStep } = await import('../../steps/incident.ts')
    const { IncidentNodeSchema, incidentInput } = await import('../../steps/incident-input.ts')
    return async (work) => {
      const { host, node, message, run, signal } = work
      const config = nodeConfig(IncidentNodeSchema, work)
      if (config.key === '' && config.keyProperty === '') {
        throw new PipelineError('CONFIG', 'Neither a key nor a property that holds it is given')
      }
      const input = incidentInput(message, config, splitPath(run.item).key)
      const { flapMinutes } = config
      await executeStep(host, { step: incidentStep, config: { flapMinutes }, node: node.path, input, run, signal })
      return { message, port: 'pass' }
    }
  },
  'ysh-dataset-query': async () => {
    const { datasetQuery } = await import('../../steps/dataset/query/query.ts')
    // Its rows, where they are wired, are the items of a map; here nobody wants them.
    return stepEntry(
      datasetQuery(async () => undefined),
      { portOf: () => 'end' },
    )
  },
  'ysh-s3-event': async () => {
    const { takeObject, taken } = await import('../../steps/events/take.ts')
    const { TakeConfigSchema, TakenSchema } = await import('../../steps/events/take-schema.ts')
    const { ObjectEventSchema } = await import('../../steps/events/event.ts')
    const { parser } = await import('../../schema.ts')
    const events = parser(ObjectEventSchema, 'An event')
    const takens = parser(TakenSchema, 'A file that was taken')
    return async (work) => {
      const { host, node, message, run, signal } = work
      const [port = ''] = Object.keys(node.ports)
      if (takens.problems(message.payload).length === 0) return { message, port }
      const event = events.parse(message.payload)
      const { error: _, ...rest } = message
      if (String(work.settings.filled(node.config.copy)) === 'false') {
        return { message: { ...rest, payload: taken(event, undefined) }, port }
      }
      const config = nodeConfig(TakeConfigSchema, work)
      const { output } = await executeStep(host, {
        step: takeObject,
        ...{ config, node: node.path, input: event, run, signal },
      })
      return { message: { ...rest, payload: output }, port }
    }
  },
}

/** A folder of files is relative to what Node-RED calls its user folder; here it is the process's own. */
function inFolder<
  W extends { node: { config: Record<string, unknown> }; settings: { filled(value: unknown): unknown } },
>(work: W): W {
  const folder = work.settings.filled(work.node.config.folder)
  if (typeof folder !== 'string' || folder === '') return work
  return { ...work, node: { ...work.node, config: { ...work.node.config, folder: resolve(folder) } } }
}
