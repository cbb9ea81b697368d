import { type Schema, Type } from '../../schema.ts'
import { type AnyRoute, type ApiContext, defineRoute, NoJson, None } from '../route.ts'
import { type Document, documentOf, type Expanded, type Info } from './document.ts'
import { pageOf } from './page.ts'

/** `/openapi.json` and `/docs`: public, for they name no data but what datasets there are and how they are built. */
export function openApiRoutes(info: Info, declared: () => readonly AnyRoute[]): AnyRoute[] {
  const AnyObject: Schema = Type.Object({}, { additionalProperties: true })

  /** What is held goes in too; without a database the document of the declared routes is still served. */
  async function served(context: ApiContext, signal: AbortSignal): Promise<Document> {
    const expanded: Expanded[] = []
    for (const route of declared()) {
      if (route.paths === undefined) continue
      try {
        expanded.push({ route, paths: await route.paths(context, signal) })
      } catch (error) {
        signal.throwIfAborted()
        context.log.warn('API: what is held is not in the OpenAPI document', { route: route.id, error })
      }
    }
    return documentOf(info, [...declared(), ...own], expanded)
  }

  const own: AnyRoute[] = [
    defineRoute({
      ...{ method: 'GET', path: '/openapi.json', id: 'getOpenApi', params: None, query: None, answer: AnyObject },
      summary: 'This document',
      async handle({ raw }, context) {
        return { json: await served(context, raw.signal), maxAgeSeconds: 60 }
      },
    }),
    defineRoute({
      ...{ method: 'GET', path: '/docs', id: 'getDocs', params: None, query: None, answer: NoJson },
      summary: 'This document as a page',
      formats: ['text/html'],
      async handle({ raw }, context) {
        return {
          status: 200,
          headers: {
            'content-type': 'text/html; charset=utf-8',
            'content-security-policy':
              "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
            'referrer-policy': 'no-referrer',
            'cache-control': 'public, max-age=60',
          },
          body: pageOf(await served(context, raw.signal)),
        }
      },
    }),
  ]
  return own
}
