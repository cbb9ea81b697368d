import { parser } from '../../../lib/schema.ts'
import type { StepContext } from '../../../lib/steps/step.ts'
import {
  type IndexConfig,
  IndexConfigSchema,
  type IndexInput,
  IndexInputSchema,
  type IndexManifest,
} from '../../../lib/steps/vector/index-schema.ts'
import { vectorIndex } from '../../../lib/steps/vector/index-step.ts'
import {
  type SearchConfig,
  SearchConfigSchema,
  type SearchInput,
  SearchInputSchema,
  type SearchResult,
} from '../../../lib/steps/vector/search-schema.ts'
import { vectorSearch } from '../../../lib/steps/vector/search-step.ts'
import type { Stores } from '../../../lib/stores/stores.ts'
import { noHttp } from '../../runs/surroundings.ts'

const indexConfigs = parser(IndexConfigSchema, 'test config')
const searchConfigs = parser(SearchConfigSchema, 'test config')
const indexInputs = parser(IndexInputSchema, 'test input', 'INPUT_INVALID')
const searchInputs = parser(SearchInputSchema, 'test input', 'INPUT_INVALID')

/** A context for a step that runs outside of any flow. */
export function contextOf<T>(stores: Stores, more: Partial<StepContext<T>> = {}): StepContext<T> {
  return {
    run: { id: '00000000-0000-4000-8000-000000000001', flow: 'test', slot: '1', epoch: 0, item: '' },
    node: 'node',
    attempt: 1,
    signal: new AbortController().signal,
    stores,
    http: noHttp,
    clock: { now: () => new Date() },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    progress() {},
    finish: async () => undefined,
    ...more,
  }
}

/** Both steps over stores, checked as the engine checks them. */
export function stepsOver(stores: Stores) {
  return {
    index: async (
      input: IndexInput,
      config: Partial<IndexConfig> = {},
      more: Partial<StepContext<IndexManifest>> = {},
    ): Promise<IndexManifest> =>
      await vectorIndex.run(indexInputs.parse(input), indexConfigs.parse(config), contextOf(stores, more)),
    search: async (input: SearchInput | string, config: Partial<SearchConfig> = {}): Promise<SearchResult> =>
      await vectorSearch.run(
        searchInputs.parse(typeof input === 'string' ? { question: input } : input),
        searchConfigs.parse(config),
        contextOf(stores),
      ),
  }
}
