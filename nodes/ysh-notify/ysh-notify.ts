import { PipelineError } from '../../lib/errors.ts'
import { type Channel, openChannel } from '../../lib/steps/notify/channel.ts'
import { feedChannelOf } from '../../lib/steps/notify/feed.ts'
import { notifyInput } from '../../lib/steps/notify/input.ts'
import { mailChannel } from '../../lib/steps/notify/mail.ts'
import type { NotifyConfig } from '../../lib/steps/notify/schema.ts'
import { snsChannel } from '../../lib/steps/notify/sns.ts'
import { notify } from '../../lib/steps/notify/step.ts'
import { webhookChannel } from '../../lib/steps/notify/webhook.ts'
import type { NodeHandle } from '../kit/node.ts'
import type { Red } from '../kit/red.ts'
import { registerStepNode } from '../kit/step-node.ts'
import { MailService } from '../ysh-mail/mail-service.ts'
import { declaration } from './declaration.ts'
import { openSubscribers } from './subscribers.ts'

/** Puts messages into the outbox, and delivers what this node has put there. */
export default function (red: Red): void {
  registerStepNode(red, declaration, notify, {
    resultIn: 'notified',
    check({ to, mail }) {
      if (to.length > 0 && mail === undefined)
        throw new PipelineError('CONFIG', 'There are e-mail addresses, but no mail server is chosen')
    },
    alongside({ handle, stores }) {
      const channels = channelsOf(handle)
      const { subscribers, giveUpHours } = handle.config
      if (channels.length === 0 && !subscribers) return () => {}
      const { path, id, log, credentials } = handle
      // there from the deployment on, also while the stores are being opened
      const feed = subscribers
        ? openSubscribers({
            ...{ red, feed: path, id, log, token: credentials.subscriberToken ?? '' },
            engine: (signal) => stores.engine(signal),
          })
        : undefined
      const all = feed === undefined ? channels : [...channels, feedChannelOf(path, feed.wake)]
      const withdraw = stores.attach((engine) => {
        const opened = all.map((channel) => openChannel(engine, path, channel, giveUpHours))
        return () => {
          for (const back of opened) back()
        }
      })
      return () => {
        withdraw()
        feed?.close()
      }
    },
    inputOf: (message, input, config) => notifyInput(message, input, config),
    statusOf({ queued }) {
      const count = Object.values(queued).reduce((sum, one) => sum + one, 0)
      return { mood: 'done', key: 'status.queued', values: { count } }
    },
  })
}

/** The channels that have what they need. */
function channelsOf(handle: NodeHandle<NotifyConfig>): Channel[] {
  const { config, credentials } = handle
  const { webhookSecret = '', snsAccessKeyId = '', snsSecretAccessKey = '', snsEndpoint = '' } = credentials
  const channels: Channel[] = []
  if (config.mail !== undefined) {
    const { server, login } = handle.use('mail', MailService)
    channels.push(mailChannel(server, login))
  }
  if (config.webhooks.length > 0) channels.push(webhookChannel(webhookSecret))
  if (config.snsTopic !== '') {
    const access = { accessKeyId: snsAccessKeyId, secretAccessKey: snsSecretAccessKey, endpoint: snsEndpoint }
    channels.push(snsChannel(access))
  }
  return channels
}
