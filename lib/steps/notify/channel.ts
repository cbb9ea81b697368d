import type { PipelineError } from '../../errors.ts'
import type { HttpClient } from '../../net/http.ts'
import type { RunEngine } from '../../runs/engine.ts'
import { raiseIncident, recoverItem } from '../../runs/incidents.ts'
import type { RetryPolicy } from '../../runs/retry.ts'
import { parser } from '../../schema.ts'
import type { Stores } from '../../stores/stores.ts'
import { readContent, sweepContents } from './contents.ts'
import { type ChannelName, type Content, type Note, NoteSchema } from './schema.ts'

/** What a channel has to work with. */
export interface Delivery {
  http: HttpClient
  stores: Stores
  /** The try, from 1. */
  attempt: number
  signal: AbortSignal
}

/** A way out. */
export interface Channel {
  name: ChannelName
  /** Messages under way at once. */
  atOnce: number
  /** A message that takes longer has failed, in milliseconds. */
  timeoutMs: number
  /**
   * Sends a message with its id, by which a receiver can tell that it has it already. An error that is not retryable gives the message up:
   * it is for what no waiting mends.
   */
  send(note: Note, content: Content, delivery: Delivery): Promise<void>
}

/** The outbox topic of a node's channel. */
export function topicOf(node: string, channel: ChannelName): string {
  return `notify/${node}/${channel}`
}

const notes = parser(NoteSchema, 'A notification')
/** Waits between two tries: soon at first, then every ten minutes or so. */
const policy: RetryPolicy = {
  backoff: 'exponential',
  baseMs: 5_000,
  capMs: 600_000,
  jitter: 'full',
  attempts: 1_000,
  deadlineMs: 600_000,
}

/** Has a node's channel take what the node puts into the outbox. Returns how to take that back. */
export function openChannel(
  engine: Pick<RunEngine, 'deliver'>,
  node: string,
  channel: Channel,
  giveUpHours: number,
): () => void {
  const key = `notify ${node} ${channel.name}`
  return engine.deliver(
    topicOf(node, channel.name),
    async ({ payload, attempt }, { http, stores, signal }) => {
      const note = notes.parse(payload)
      await channel.send(note, await readContent(stores.objects, note.content, signal), {
        http,
        stores,
        attempt,
        signal,
      })
    },
    {
      ...{ atOnce: channel.atOnce, timeoutMs: channel.timeoutMs, policy, finalErrors: true },
      giveUpMs: giveUpHours * 3_600_000,
      tidy: ({ stores, signal }) => sweepContents(stores, new Date(), signal),
      async ended(tx, { payload }, error) {
        // one that is no note of ours is given up too
        const recipient = notes.problems(payload).length > 0 ? '' : notes.parse(payload).recipient
        const item = placeOf(recipient)
        const at = new Date()
        if (error === undefined) await recoverItem(tx, { key, item, at, difference: null })
        else {
          await raiseIncident(tx, {
            ...{ key, kind: 'custom', what: whatOf(channel.name, recipient), item, served: null, at, flapMinutes: 30 },
            error: shortError(error),
          })
        }
      },
    },
  )
}

/** A recipient without what may be secret in it: webhook addresses often carry a token. */
export function placeOf(recipient: string): string {
  const url = recipient.startsWith('http') ? URL.parse(recipient) : null
  return url === null ? recipient : url.host
}

function whatOf(channel: ChannelName, recipient: string): string {
  const place = placeOf(recipient)
  return `ysh-notify ${channel}${place === '' ? '' : ` → ${place}`}`
}

function shortError({ code, message }: PipelineError): { code: string; message: string } {
  return { code, message }
}
