import { PipelineError } from '../../errors.ts'
import { defineStep, type StepContext } from '../step.ts'
import { chosenEmbedder } from './embedders.ts'
import { IndexConfigSchema, IndexInputSchema, type IndexManifest, IndexOutputSchema } from './index-schema.ts'
import { Indexing } from './indexing.ts'
import { ledgerReady } from './ledger/state.ts'

/**
 * Brings documents into a collection: chunks, embeddings, terms. Only what changed is embedded and written, under a version that readers get whole,
 * in the transaction that journals this step. Errors: docs/errors.md, "Search".
 */
export const vectorIndex = defineStep({
  name: 'vector-index',
  version: 1,
  config: IndexConfigSchema,
  input: IndexInputSchema,
  output: IndexOutputSchema,
  async run(input, config, context: StepContext<IndexManifest>) {
    if (config.targetCharacters > config.mostCharacters) {
      throw new PipelineError('INDEX_CONFIG', 'The usual chunk is longer than the longest one')
    }
    await ledgerReady(context.stores.postgres)
    const { embedder, model } = await chosenEmbedder(config, context.signal, context.progress)
    return await new Indexing(input, config, context, embedder, model).run()
  },
})
