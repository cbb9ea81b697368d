import type { AnyRoute } from '../route.ts'
import { datasetRoutes } from './datasets/index.ts'
import { documentRoutes } from './documents.ts'
import { questionRoutes } from './questions.ts'
import { runRoutes } from './runs.ts'
import { searchRoutes } from './search.ts'

/** All routes of the API. */
export const allRoutes: readonly AnyRoute[] = [
  ...datasetRoutes,
  ...questionRoutes,
  ...documentRoutes,
  ...searchRoutes,
  ...runRoutes,
]
