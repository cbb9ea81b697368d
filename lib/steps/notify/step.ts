import { PipelineError } from '../../errors.ts'
import { hashOf } from '../../runs/identity.ts'
import { enqueueOutbox, wakeOutbox } from '../../runs/outbox.ts'
import { defineStep, type StepContext } from '../step.ts'
import { placeOf, topicOf } from './channel.ts'
import { keepContent } from './contents.ts'
import {
  type ChannelName,
  type Content,
  channels,
  type Note,
  type NotifyConfig,
  NotifyConfigSchema,
  type NotifyInput,
  NotifyInputSchema,
  type NotifyOutput,
  NotifyOutputSchema,
} from './schema.ts'
import { summaryOfRun } from './summary/collect.ts'
import { writeSummary } from './summary/write.ts'

/**
 * Puts a message for each recipient of each channel into the outbox, in the transaction that ends the step: all of them or none, and
 * never twice. It does not wait for anybody; what is delivered and what not stands in the outbox and in incidents. Throws
 * NOTIFY_NO_CHANNEL, NOTIFY_EMPTY, RUN_UNKNOWN (summary of a run that is not in the journal).
 */
export const notify = defineStep({
  name: 'notify',
  version: 1,
  config: NotifyConfigSchema,
  input: NotifyInputSchema,
  output: NotifyOutputSchema,
  async run(input, config, context) {
    const recipients = recipientsOf(input, config)
    const { subject, content } = await messageOf(input, config, context)
    const { run, node, stores, signal } = context
    const at = context.clock.now().toISOString()
    // The input, not what was made of it: ages and times in a summary differ from try to try.
    const asked = hashOf(input)
    const message = hashOf([run.id, node, run.item, asked]).slice(0, 40)
    const kept = await keepContent(stores.objects, content, { id: message, at, signal })
    const notes = recipients.map(({ channel, recipient }) => {
      const id = hashOf([run.id, node, run.item, asked, channel, recipient]).slice(0, 40)
      const note: Note = {
        ...{ id, recipient, subject, at, run: run.id, content: kept },
        attachments: channel === 'mail' ? (input.attachments ?? []) : [],
      }
      return { channel, note }
    })
    const output: NotifyOutput = { subject, queued: countsOf(notes), ids: notes.map(({ note }) => note.id) }
    await stores.postgres.transaction(async (tx) => {
      for (const { channel, note } of notes) {
        // not the run's id as such: a run of a single message has a row too, and both are kept as long
        await enqueueOutbox(tx, { key: note.id, run: run.id, topic: topicOf(node, channel), payload: note })
      }
      await context.finish(tx, output)
    })
    wakeOutbox(stores.postgres)
    context.log.info(`Put into the outbox: "${subject}"`, {
      to: notes.map(({ channel, note }) => `${channel} ${placeOf(note.recipient)}`.trim()),
    })
    return output
  },
})

interface Recipient {
  channel: ChannelName
  recipient: string
}

function recipientsOf(input: NotifyInput, config: NotifyConfig): Recipient[] {
  const to = input.to ?? config.to
  if (to.length > 0 && config.mail === undefined) {
    throw new PipelineError('NOTIFY_NO_CHANNEL', 'There are e-mail addresses, but no mail server (ysh-mail) is chosen')
  }
  const of = (channel: ChannelName, recipients: readonly string[]) =>
    [...new Set(recipients)].map((recipient) => ({ channel, recipient }))
  const all = [
    ...of('mail', to),
    ...of('webhook', config.webhooks),
    ...of('sns', config.snsTopic === '' ? [] : [config.snsTopic]),
    ...of('subscribers', config.subscribers ? [''] : []),
  ]
  if (all.length === 0) {
    throw new PipelineError(
      'NOTIFY_NO_CHANNEL',
      'Nobody is to get the message: neither settings nor payload name anyone',
    )
  }
  return all
}

async function messageOf(
  input: NotifyInput,
  config: NotifyConfig,
  context: StepContext<NotifyOutput>,
): Promise<{ subject: string; content: Content }> {
  if (config.content === 'summary') {
    const facts = await summaryOfRun(context.stores.postgres, input.runId ?? context.run.id, context.clock.now())
    const { subject, text, html } = writeSummary(facts, config.language)
    return { subject: oneLine(config.subject || subject), content: { text, html, data: { summary: facts } } }
  }
  const { text, html, data } = input
  if (
    text === undefined &&
    html === undefined &&
    data === undefined &&
    (config.subject || input.subject) === undefined
  ) {
    throw new PipelineError('NOTIFY_EMPTY', 'The payload has neither subject, text, html nor data')
  }
  return {
    subject: oneLine(config.subject || input.subject || 'YSH'),
    content: {
      text: text ?? (data === undefined ? config.subject || input.subject || '' : JSON.stringify(data, null, 2)),
      ...(html === undefined ? {} : { html }),
      ...(data === undefined ? {} : { data }),
    },
  }
}

/** A line break in a subject would begin another header. */
function oneLine(subject: string): string {
  return subject
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, 200)
}

function countsOf(notes: readonly { channel: ChannelName }[]): NotifyOutput['queued'] {
  const counts = { mail: 0, webhook: 0, sns: 0, subscribers: 0 }
  for (const channel of channels) counts[channel] = notes.filter((one) => one.channel === channel).length
  return counts
}
