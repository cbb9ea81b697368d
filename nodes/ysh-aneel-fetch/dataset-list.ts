import { PipelineError } from '../../lib/errors.ts'
import { createHttpClient } from '../../lib/net/client.ts'
import { product } from '../../lib/product.ts'
import { parser } from '../../lib/schema.ts'
import { catalogue } from '../../lib/steps/aneel/catalogue.ts'
import { PortalSchema } from '../../lib/steps/aneel/fetch-schema.ts'
import { createPortal } from '../../lib/steps/aneel/portal.ts'
import type { Red } from '../kit/red.ts'
import { deployedConfig } from '../kit/references.ts'
import { deployedAllowList } from '../ysh-stores/deployed.ts'
import { type DatasetList, mergeDatasets, PackageMemory } from './datasets.ts'

const portals = parser(PortalSchema, 'The portal', 'CONFIG')

/**
 * `GET ysh/aneel/datasets?portal=<id of a deployed ysh-aneel-portal>`: a {@link DatasetList} for the form. The address is taken from the
 * deployed node only, never from the request: an endpoint that fetches what it is told would be open to abuse.
 */
export function registerDatasetList(red: Red): void {
  const memory = new PackageMemory({
    now: () => Date.now(),
    // a client for each question, which is rare: a deploy may have changed what is allowed
    async ask(url, signal) {
      const http = createHttpClient({ product: product(), allow: deployedAllowList() })
      try {
        return await createPortal(http, portals.parse({ url, tries: 1 }), signal).packages()
      } finally {
        http.close()
      }
    },
  })

  async function list(id: unknown): Promise<DatasetList> {
    const contracts = catalogue().values()
    const config = typeof id === 'string' ? deployedConfig(red, id, 'ysh-aneel-portal') : undefined
    if (config === undefined) return { datasets: mergeDatasets(contracts, []), note: { reason: 'no-portal' } }
    try {
      return { datasets: mergeDatasets(contracts, await memory.packages(portals.parse(config).url)) }
    } catch (thrown) {
      const { code, message } = PipelineError.from(thrown)
      return { datasets: mergeDatasets(contracts, []), note: { reason: 'silent', code, message } }
    }
  }

  red.httpAdmin.get('/ysh/aneel/datasets', red.auth.needsPermission('ysh-aneel-fetch.read'), (request, response) => {
    list(request.query.portal).then(
      (answer) => response.json(answer),
      (thrown: unknown) => {
        const { code, message } = PipelineError.from(thrown)
        response.status(500).json({ code, message })
      },
    )
  })
}
