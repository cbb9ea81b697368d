import { textOf } from '../../flow-check/node.ts'
import { parser } from '../../schema.ts'
import type { Channel } from '../../steps/notify/channel.ts'
import type { StepNode } from '../plan/schema.ts'
import { type Env, type PlanSettings, secretVariable } from './settings.ts'

/** The ways out that a `ysh-notify` has, with its secrets from the environment. Throws CONFIG. */
export async function channelsOf(
  { path, config: given }: StepNode,
  settings: PlanSettings,
  env: Env,
): Promise<{ channels: Channel[]; giveUpHours: number }> {
  const { NotifyConfigSchema } = await import('../../steps/notify/schema.ts')
  const configs = parser(NotifyConfigSchema, 'The configuration of ysh-notify', 'CONFIG')
  const config = configs.parse(settings.given({ path, config: given }, NotifyConfigSchema))
  const secret = (id: string, name: string) => env[secretVariable(id, name)] ?? ''
  const channels: Channel[] = []
  if (config.mail !== undefined) {
    const { mailChannel } = await import('../../steps/notify/mail.ts')
    const id = textOf(given.mail)
    channels.push(mailChannel(config.mail, { user: secret(id, 'user'), password: secret(id, 'password') }))
  }
  if (config.webhooks.length > 0) {
    const { webhookChannel } = await import('../../steps/notify/webhook.ts')
    channels.push(webhookChannel(secret(path, 'webhookSecret')))
  }
  if (config.snsTopic !== '') {
    const { snsChannel } = await import('../../steps/notify/sns.ts')
    channels.push(
      snsChannel({
        ...{ accessKeyId: secret(path, 'snsAccessKeyId'), secretAccessKey: secret(path, 'snsSecretAccessKey') },
        endpoint: secret(path, 'snsEndpoint'),
      }),
    )
  }
  if (config.subscribers) {
    const { feedChannelOf } = await import('../../steps/notify/feed.ts')
    // The API's process hears of it from PostgreSQL.
    channels.push(feedChannelOf(path, () => undefined))
  }
  return { channels, giveUpHours: config.giveUpHours }
}
