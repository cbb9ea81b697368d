import { PipelineError } from '../../errors.ts'
import type { OllamaConfig } from '../../models/ollama-config.ts'
import type { LanguageModel } from '../../models/port.ts'
import { preparing } from '../../stores/postgres/prepare.ts'
import { defineStep, type StepContext } from '../step.ts'
import { Answers } from './answer/answers.ts'
import { Asker } from './answer/ask.ts'
import { short } from './answer/short.ts'
import { type Budget, budgetOf } from './budget.ts'
import { type Content, readContent } from './content/content.ts'
import { defuse } from './content/defuse.ts'
import { noteWaiting } from './late/waiting.ts'
import { answeredManifest, baseOf, deferredManifest } from './manifest.ts'
import { enrichMigrations } from './migrations.ts'
import { isAway, knowModel } from './model-known.ts'
import {
  type EnrichConfig,
  EnrichConfigSchema,
  type EnrichInput,
  EnrichInputSchema,
  type EnrichManifest,
  EnrichOutputSchema,
} from './step-schema.ts'
import { type Task, taskOf } from './task.ts'
import { describe } from './tasks/describe.ts'
import { classify, extract } from './tasks/fields.ts'
import type { Outcome, Work } from './tasks/outcome.ts'
import { condense, translate } from './tasks/text.ts'

type Context = StepContext<EnrichManifest>

/** While a model is silent the run is said to be alive this often, in milliseconds: its own deadlines end it. */
const beatMs = 20_000
/** What was begun so often in vain, with the server there each time, fails: then it is a dead letter and waits no more. */
const mostWaits = 20

const prepared = preparing(enrichMigrations)

/** Checks of a config what its schema cannot say. Throws CONFIG. */
export function checkEnrichConfig(config: EnrichConfig): void {
  budgetOf(taskOf(config), config)
}

/**
 * Makes the step `ollama-enrich` over models that `open` gives: a model summarises, classifies, extracts, translates, describes or answers a
 * prompt. What it says is taken only when it agrees with the document; without a model the message goes on and is enriched later.
 * Errors: docs/errors.md, "Enrichment".
 */
export function enrichStep(open: (config: OllamaConfig) => LanguageModel) {
  return defineStep({
    name: 'ollama-enrich',
    version: 1,
    config: EnrichConfigSchema,
    input: EnrichInputSchema,
    output: EnrichOutputSchema,
    async run(input, config, context: Context) {
      const started = context.clock.now().getTime()
      const task = taskOf(config)
      await prepared(context.stores.postgres)
      const content = await readContent(input, context)
      if (content.picture !== undefined && task.name !== 'describe') {
        throw new PipelineError('ENRICH_CONTENT', `The task "${task.name}" needs text, and a picture came`)
      }
      const llm = open(config.ollama)
      const known = await knowModel(llm, config.model, context)
      const base = { ...baseOf(content, config, known.digest), digestRemembered: known.away !== undefined }
      const seconds = () => (context.clock.now().getTime() - started) / 1_000
      try {
        if (known.digest === undefined) throw known.away ?? new PipelineError('MODEL_ANSWER', 'The model has no digest')
        const budget = budgetOf(task, config, known.contextTokens)
        const asker = new Asker({
          llm,
          model: config.model,
          digest: known.digest,
          contextTokens: budget.contextTokens,
          answers: new Answers(context.stores, context.clock, context.signal),
          reuse: config.again === 'skip',
          away: known.away,
          signal: context.signal,
        })
        const outcome = await alive(context, (onPart) =>
          run(task, workOf(input, config, content, asker, budget, onPart)),
        )
        const { questionTokens, answerTokens, asked } = asker
        const manifest = await answeredManifest(
          base,
          content,
          outcome,
          { cached: asked === 0, questionTokens, answerTokens },
          context,
        )
        return { ...manifest, seconds: seconds() }
      } catch (thrown) {
        if (!isAway(thrown) || config.whenAway === 'fail' || (input.waited ?? 0) >= mostWaits) throw thrown
        return await defer(input, content, { ...base, seconds: seconds() }, thrown, context)
      }
    },
  })
}

function run(task: Task, work: Work): Promise<Outcome> {
  switch (task.name) {
    case 'summarise':
    case 'prompt':
      return condense(task, work)
    case 'translate':
      return translate(task, work)
    case 'classify':
      return classify(task, work)
    case 'extract':
      return extract(task, work)
    case 'describe':
      return describe(task, work)
  }
}

function workOf(
  { question }: EnrichInput,
  config: EnrichConfig,
  content: Content,
  asker: Asker,
  budget: Budget,
  onPart: Work['onPart'],
): Work {
  return {
    config,
    content,
    asker,
    budget,
    question: question === undefined ? undefined : defuse(question).trim() || undefined,
    onPart,
  }
}

/** Shows how far the work is, and that it is alive while a model loads or reads in silence. */
async function alive<T>(context: Context, work: (onPart: Work['onPart']) => Promise<T>): Promise<T> {
  let at = { done: 0, total: 1 }
  const show = () => context.progress({ phase: 'ask', ...at, unit: 'items' })
  const beat = setInterval(show, beatMs)
  try {
    return await work((done, total) => {
      at = { done, total }
      show()
    })
  } finally {
    clearInterval(beat)
  }
}

/** Lets the document go on as it is, and notes that it waits, in the transaction of the step's end. */
async function defer(
  input: EnrichInput,
  content: Content,
  base: Parameters<typeof deferredManifest>[0],
  away: PipelineError,
  { stores, node, clock, finish, log }: Context,
): Promise<EnrichManifest> {
  const reason = short(`${away.code}: ${away.message}`, 1_000)
  return await stores.postgres.transaction(async (tx) => {
    const noted = await noteWaiting(tx, { node, input: keptInput(input, content), reason, now: clock.now() })
    if (!noted) log.warn('So much waits for the model that this is not noted', { node })
    const manifest = deferredManifest(base, content, reason, noted)
    await finish(tx, manifest)
    return manifest
  })
}

/** The input with references in place of texts: it waits in a table, and goes through the outbox. */
function keptInput(
  input: EnrichInput,
  { stored, picture, rows, source, name, retrievedAt, shown }: Content,
): EnrichInput {
  const { file, question, waited } = input
  return {
    ...(rows === undefined ? { artifact: stored } : { rows }),
    // the text beside a picture; longer ones say no more of it
    ...(picture === undefined || shown.text === '' ? {} : { text: shown.text.slice(0, 4_000) }),
    ...(question === undefined ? {} : { question }),
    source,
    name,
    ...(retrievedAt === undefined ? {} : { retrievedAt }),
    ...(file === undefined ? {} : { file }),
    ...(waited === undefined ? {} : { waited }),
  }
}
