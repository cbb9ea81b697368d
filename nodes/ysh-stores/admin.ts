import { coerce } from '../../lib/coerce.ts'
import { type Infer, parser, Type } from '../../lib/schema.ts'
import { endAfter } from '../../lib/stopped.ts'
import { tryStores } from '../../lib/stores/trial.ts'
import { answer, bodyOf, filledIn } from '../kit/admin.ts'
import type { Red } from '../kit/red.ts'
import { deployedConfig } from '../kit/references.ts'
import { declaration, StoresNodeSchema } from './declaration.ts'
import { engineSettings } from './engines.ts'

const answering = { patienceMs: 30_000, statuses: { CONFIG: 400 } }
const trialMs = 15_000
/** What the editor shows for a password that it does not know. */
const unchanged = '__PWRD__'

const secret = Type.String({ maxLength: 1_000, default: '' })
const requests = parser(
  Type.Object({
    id: Type.String({ maxLength: 100 }),
    settings: StoresNodeSchema,
    credentials: Type.Object({
      postgresPassword: secret,
      redisPassword: secret,
      qdrantApiKey: secret,
      s3AccessKeyId: secret,
      s3SecretAccessKey: secret,
    }),
  }),
  'The settings',
  'CONFIG',
)

/** Where each kept password went before; nowhere else does it go. */
const belongs: Readonly<Record<string, readonly (keyof Infer<typeof StoresNodeSchema>)[]>> = {
  postgresPassword: ['postgresUrl'],
  redisPassword: ['redisUrl'],
  qdrantApiKey: ['qdrantUrl'],
  s3SecretAccessKey: ['s3Endpoint'],
}

/**
 * `POST ysh/stores/test` with `id`, `settings` and `credentials` of the form: for every server that they name whether it answers. It connects
 * to where it is told, so that it asks for the permission to change flows, which could do the same.
 */
export function registerStoresTest(red: Red): void {
  red.httpAdmin.post('/ysh/stores/test', red.auth.needsPermission('flows.write'), (request, response) =>
    answer(response, answering, async (signal) => {
      const body = bodyOf(request)
      const { id, settings, credentials } = requests.parse({
        id: body.id,
        settings: coerce(StoresNodeSchema, filledIn(red, body.id, body.settings)),
        credentials: filledIn(red, body.id, body.credentials),
      })
      const { stores } = engineSettings(red, settings, withKept(red, id, settings, credentials))
      return { stores: await tryStores(stores, endAfter(trialMs, signal)) }
    }),
  )
}

/** The credentials with those that the editor does not know, as they are deployed; for another server they are left out. */
function withKept(
  red: Red,
  id: string,
  settings: Infer<typeof StoresNodeSchema>,
  credentials: Record<string, string>,
): Record<string, string> {
  const deployed = deployedConfig(red, id, declaration.type)
  const kept = red.nodes.getNode(id)?.credentials ?? {}
  return Object.fromEntries(
    Object.entries(credentials).map(([name, value]) => {
      if (value !== unchanged) return [name, value]
      const same = deployed !== undefined && (belongs[name] ?? []).every((field) => deployed[field] === settings[field])
      return [name, same ? (kept[name] ?? '') : '']
    }),
  )
}
