// Another process with a hub: tells what it hears; hub.test.ts makes the events.
import { parser, Type } from '../../../lib/schema.ts'
import { openPostgres } from '../../../lib/stores/postgres/index.ts'
import { hubOver } from './ground.ts'

process.on('disconnect', () => process.exit(1))
const { url } = parser(Type.Object({ url: Type.String() }), 'The argument').parse(JSON.parse(process.argv[2] ?? '{}'))
const hub = await hubOver(await openPostgres({ kind: 'server', url }))
process.send?.({ ready: await hub.newest() })
for await (const event of hub.subscribe('all', { signal: new AbortController().signal })) process.send?.({ event })
