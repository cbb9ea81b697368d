import { parser } from '../../schema.ts'
import type { ObjectStore } from '../../stores/objects/port.ts'
import type { Stores } from '../../stores/stores.ts'
import { type Content, ContentSchema } from './schema.ts'

/** Contents are kept for so many days, and longer while a message waits or as long as the outbox tells of one that was given up. */
const keptDays = 7
const prefix = 'notifications/'
/** Contents that are looked at in one go; the rest has its turn an hour later. */
const mostPages = 10
const contents = parser(ContentSchema, 'The content of a notification')

/**
 * Stores what a message says, and answers the key: too large for the outbox as it may be. The key is the message's own, not that of its
 * bytes: what is shared with others could not be deleted.
 */
export async function keepContent(
  objects: ObjectStore,
  content: Content,
  { id, at, signal }: { id: string; at: string; signal: AbortSignal },
): Promise<string> {
  const key = `${prefix}${at.slice(0, 10)}/${id}.json`
  await objects.put(key, Buffer.from(JSON.stringify(content)), { contentType: 'application/json', signal })
  return key
}

/** What a message says. Throws OBJECT_NOT_FOUND. */
export async function readContent(objects: ObjectStore, key: string, signal: AbortSignal): Promise<Content> {
  const { body } = await objects.get(key, { signal })
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(Buffer.from(chunk))
  return contents.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')))
}

/** Deletes the contents of delivered messages that are older than {@link keptDays} days, and those that belong to no message. */
export async function sweepContents(
  { postgres, objects }: Pick<Stores, 'postgres' | 'objects'>,
  now: Date,
  signal: AbortSignal,
): Promise<void> {
  // keys are in the order of their days
  const end = `${prefix}${new Date(now.getTime() - keptDays * 86_400_000).toISOString().slice(0, 10)}/`
  let after: string | undefined
  for (let page = 0; page < mostPages; page += 1) {
    signal.throwIfAborted()
    const { objects: listed, next } = await objects.list(prefix, after === undefined ? {} : { after })
    const old = listed.map(({ key }) => key).filter((key) => key < end)
    const { rows } = await postgres.query<{ key: string }>(
      `select payload->>'content' as key from pipeline.outbox
       where topic like 'notify/%' and delivered_at is null and payload->>'content' = any($1::text[])`,
      [old],
    )
    const needed = new Set(rows.map(({ key }) => key))
    for (const key of old) {
      signal.throwIfAborted()
      if (!needed.has(key)) await objects.delete(key)
    }
    if (next === undefined || old.length < listed.length) return
    after = next
  }
}
