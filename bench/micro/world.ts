import { startOllamaDouble } from '../../test/ollama/double.ts'
import { startPages } from '../../test/pages/server.ts'
import { startPortal } from '../../test/portal/server.ts'
import { startMail } from '../../test/steps/notify/receivers.ts'
import { document } from './documents.ts'
import { type Size, seed } from './size.ts'

/** What the box meets outside: a portal, pages, documents, a model, a mail server. None of it counts. */
export interface World {
  /** The environment that leads the flow there. */
  env: Record<string, string>
  pages: string
  /** Address of a document, without its number and `.pdf`. */
  document: string
  /** How many documents there are on a day. */
  documents(day: number): number
  /** The next day's publication. */
  publish(day: number): Promise<void>
  /** Summary e-mails so far. */
  mails(): number
  close(): Promise<void>
}

/** Starts it, with the files of the first day. */
export async function startWorld(size: Size): Promise<World> {
  const portal = await startPortal({ datasets: size.datasets, seed })
  const pages = await startPages()
  const ollama = await startOllamaDouble({
    models: ['double'],
    reply: () => JSON.stringify({ text: 'As tarifas de energia da distribuidora.' }),
  })
  const mail = await startMail()
  const folder = '/documentos/REH-'
  const put = async (number: number) =>
    pages.putDocument(`${folder}${number}.pdf`, await document(number, size.pagesEach))
  for (let number = 0; number < size.documents; number += 1) await put(number)
  // the second day brings a few new documents beside the old ones
  const all = (day: number) => size.documents + (day - 1) * size.newDocuments
  return {
    pages: pages.url,
    env: {
      ...{ YSH_ANEEL_URL: portal.url, YSH_OLLAMA_URL: ollama.url, YSH_OLLAMA_MODEL: 'double' },
      ...{ YSH_SMTP_HOST: '127.0.0.1', YSH_SMTP_PORT: String(mail.port), YSH_SMTP_SECURITY: 'none' },
      ...{ YSH_MAIL_FROM: 'bench@ysh.example', YSH_MAIL_TO: 'you@ysh.example', YSH_RETRY_SECONDS: '1' },
      YSH_INTERNAL_HOSTS: '127.0.0.1',
    },
    document: `${pages.url}${folder}`,
    documents: all,
    async publish(day) {
      await portal.publish(day - 1)
      for (let number = all(day - 1); number < all(day); number += 1) await put(number)
    },
    mails: () => mail.got.length,
    async close() {
      await portal.close()
      await pages.close()
      await ollama.stop()
      await mail.close()
    },
  }
}
