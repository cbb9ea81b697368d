import { createHttpClient } from '../../lib/net/client.ts'
import { product } from '../../lib/product.ts'
import { parser } from '../../lib/schema.ts'
import { PortalSchema } from '../../lib/steps/aneel/fetch-schema.ts'
import { createPortal } from '../../lib/steps/aneel/portal.ts'
import { answer, bodyOf, filledIn } from '../kit/admin.ts'
import type { Red } from '../kit/red.ts'
import { deployedAllowList } from '../ysh-stores/deployed.ts'

const portals = parser(PortalSchema, 'The portal', 'CONFIG')
const answering = { patienceMs: 30_000, statuses: { CONFIG: 400, ADDRESS_REFUSED: 400 } }
/** Who looks at a form does not wait as long as a flow does, in milliseconds. */
const patience = { connectTimeoutMs: 8_000, idleTimeoutMs: 15_000, totalTimeoutMs: 20_000 }

/**
 * `POST ysh/aneel/portal/test` with `id`, `url` and `contact` of the form: how many datasets the portal has, by one small request. The address guard
 * holds here as it does in flows: of internal hosts only those that a deployed `ysh-stores` allows are asked.
 */
export function registerPortalTest(red: Red): void {
  const { httpAdmin, auth } = red
  httpAdmin.post('/ysh/aneel/portal/test', auth.needsPermission('flows.write'), (request, response) =>
    answer(response, answering, async (signal) => {
      const { id, ...form } = bodyOf(request)
      const { url, contact } = filledIn(red, id, form)
      const portal = portals.parse({ ...patience, url, contact, tries: 1 })
      const http = createHttpClient({ product: product(), allow: deployedAllowList() })
      try {
        return { datasets: await createPortal(http, portal, signal).size() }
      } finally {
        http.close()
      }
    }),
  )
}
