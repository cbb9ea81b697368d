import { parser, Type } from '../../schema.ts'
import { CollectionName } from '../../steps/vector/index-schema.ts'
import { SearchConfigSchema, SearchOutputSchema } from '../../steps/vector/search-schema.ts'
import { searchCollection } from '../../steps/vector/search-step.ts'
import { defineRoute, None } from '../route.ts'

const configs = parser(SearchConfigSchema, 'The search')
const { limit, mode, filter } = SearchConfigSchema.properties

const search = defineRoute({
  method: 'GET',
  path: '/search',
  id: 'search',
  scope: 'documents',
  summary: 'Searches documents by words and meanings, with citations',
  description:
    'Each hit says where it stands: document, page, address, SHA-256 and time of retrieval. `degraded` tells that words alone were searched.',
  params: None,
  query: Type.Object(
    {
      q: Type.String({ minLength: 1, maxLength: 4_000, description: 'The question' }),
      collection: Type.Optional(CollectionName),
      ...{ mode, limit },
      filter: { ...filter, description: 'Facets that hits must have, as name=value; the same name again: one of them' },
    },
    { additionalProperties: false },
  ),
  answer: SearchOutputSchema,
  async handle({ query, raw }, { stores, clock, search }) {
    const { q, collection, ...more } = query
    const config = configs.parse({
      ...search,
      ...more,
      ...(collection === undefined ? {} : { collection }),
      contextCharacters: 0,
    })
    return { json: await searchCollection({ question: q }, config, { stores, clock, signal: raw.signal }) }
  },
})

/** Searching. */
export const searchRoutes = [search]
