// A process that serves events; session.test.ts kills it and starts it again.
import { parser, Type } from '../../../lib/schema.ts'
import { openPostgres } from '../../../lib/stores/postgres/index.ts'
import { hubOver } from './ground.ts'
import { gateOf, serve } from './serving.ts'

process.on('disconnect', () => process.exit(1))
const { url, port } = parser(Type.Object({ url: Type.String(), port: Type.Integer() }), 'The argument').parse(
  JSON.parse(process.argv[2] ?? '{}'),
)
const hub = await hubOver(await openPostgres({ kind: 'server', url }))
const gate = gateOf(new Map([['secret', { id: 'a', scopes: ['events', 'datasets'] }]]))
const served = await serve(hub, gate, {}, port)
process.send?.({ url: served.url })
