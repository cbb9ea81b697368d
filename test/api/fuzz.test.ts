import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import fc from 'fast-check'
import { type Api, createApi } from '../../lib/api/api.ts'
import type { Document } from '../../lib/api/openapi/document.ts'
import { allRoutes } from '../../lib/api/routes/index.ts'
import { type Made, requestsOf } from './openapi-requests.ts'
import { gateOf, requestOf } from './serve.ts'
import { openWorld, type World } from './world.ts'

/** `YSH_FUZZ=10000` for the long run. */
const runs = Number(process.env.YSH_FUZZ ?? 1_500)
const info = { title: 'Data', version: '1.2.3', description: 'What is held.', root: '/api/v1' }
const types = [
  'text/html',
  'application/json',
  'text/csv',
  'application/x-ndjson',
  'application/vnd.apache.parquet',
  'application/pdf',
]

describe('requests made of the served OpenAPI document', { timeout: 1_800_000 }, () => {
  let world: World
  let api: Api
  let document: Document
  const ajv = new Ajv2020({ strict: false })
  formats.default(ajv)
  before(async () => {
    world = await openWorld({ tarifas: 400, mmgd: 300, componentes_tarifarias: 200 })
    api = createApi({ routes: allRoutes, gate: gateOf(), context: () => world.context, info, log: world.context.log })
    const { body, status } = await api.handle(requestOf('/openapi.json'))
    assert.equal(status, 200)
    document = JSON.parse(Buffer.from(body as string).toString())
  })
  after(() => world?.close())

  it(`${runs}: none makes an error of the inside, each answer is of the declared shape`, async (context) => {
    const counts: Record<number, number> = {}
    const known = {
      name: ['aneel.tarifas', 'aneel.mmgd', 'aneel.agentes', 'nada.nada'],
      id: [world.document, '0'.repeat(64)],
    }
    const faults: string[] = []
    const property = fc.asyncProperty(requestsOf(document, known), async (made) => {
      const fault = await faultOf(made, counts)
      if (fault !== undefined) faults.push(`${made.target} (${made.accept}): ${fault}`)
    })
    await fc.assert(property, { numRuns: runs })
    context.diagnostic(JSON.stringify(counts))
    assert.ok((counts[200] ?? 0) > runs / 20, `enough of them must be answered: ${JSON.stringify(counts)}`)
    assert.deepEqual(faults.slice(0, 10), [], `${faults.length} faults`)
  })

  /** What is wrong with an answer, in words. */
  async function faultOf(
    { template, target, accept }: Made,
    counts: Record<number, number>,
  ): Promise<string | undefined> {
    const { status, headers, body } = await api.handle(requestOf(target, { headers: { accept } }))
    const chunks: Buffer[] = []
    if (typeof body === 'string' || body instanceof Uint8Array) chunks.push(Buffer.from(body))
    else if (body !== undefined) for await (const chunk of body) chunks.push(Buffer.from(chunk))
    const text = Buffer.concat(chunks).toString()
    counts[status] = (counts[status] ?? 0) + 1
    const type = headers['content-type'] ?? ''
    if (status !== 200) {
      if (status < 400 || status >= 500) return `${status} ${world.logged.at(-1)}`
      if (type !== 'application/problem+json') return type
      const problem = JSON.parse(text)
      if (!problem.detail || problem.code === 'UNEXPECTED') return text
      return /node_modules|\/lib\/|at async/.test(text) ? text : undefined
    }
    if (!types.includes(type.split(';')[0] ?? '')) return type
    if (type !== 'application/json') return undefined
    const { schema } = Object(document.paths[template]?.get?.responses[200]).content['application/json']
    return ajv.validate(schema, JSON.parse(text)) ? undefined : ajv.errorsText()
  }
})
