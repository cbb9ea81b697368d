// A process that notifies in a run and delivers; kill.test.ts has it die at a fail point and starts it again.
import { parseArgs } from 'node:util'
import { createHttpClient } from '../../../lib/net/client.ts'
import { createEngine } from '../../../lib/runs/engine.ts'
import { parser } from '../../../lib/schema.ts'
import { openChannel } from '../../../lib/steps/notify/channel.ts'
import { mailChannel } from '../../../lib/steps/notify/mail.ts'
import { NotifyConfigSchema } from '../../../lib/steps/notify/schema.ts'
import { notify } from '../../../lib/steps/notify/step.ts'
import { webhookChannel } from '../../../lib/steps/notify/webhook.ts'
import { loopback } from '../../helpers/loopback.ts'
import { memoryLog, openStoresAt } from '../../runs/surroundings.ts'

const { values } = parseArgs({
  options: {
    database: { type: 'string', default: '{}' },
    folder: { type: 'string', default: '' },
    slot: { type: 'string', default: '' },
    mail: { type: 'string', default: '' },
    hook: { type: 'string', default: '' },
  },
})
process.on('disconnect', () => process.exit(1))

const mail = {
  host: '127.0.0.1',
  port: Number(values.mail),
  security: 'none',
  from: 'robo@ysh.example',
  timeoutMs: 2_000,
}
const config = parser(NotifyConfigSchema, 'config').parse({ mail, to: ['a@x.example'], webhooks: [values.hook] })
if (config.mail === undefined) throw new Error('no server')

const stores = await openStoresAt(JSON.parse(values.database), values.folder)
const http = createHttpClient({ product: 'test/1', allow: loopback })
const engine = await createEngine({ stores, http, log: memoryLog(), owner: 'a' })
const signal = new AbortController().signal
openChannel(engine, 'n', mailChannel(config.mail, { user: '', password: '' }), 72)
openChannel(engine, 'n', webhookChannel('secret'), 72)
engine.register('f', {
  send(run) {
    engine
      .execute({ step: notify, config, node: 'n', input: { text: values.slot }, run, signal })
      .then(() => engine.end(run, { outcome: 'done', summary: null }))
      .catch((error: unknown) => console.error(error))
  },
})
await engine.replay()
await engine.start({ flow: 'f', slot: values.slot, trigger: 'event', input: null, overlap: 'queue' })
