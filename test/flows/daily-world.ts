import type { FlowNode } from '../helpers/node-red.ts'
import { tinyPdf } from '../helpers/tiny-pdf.ts'
import { type OllamaDouble, startOllamaDouble } from '../ollama/double.ts'
import { type PageServer, startPages } from '../pages/server.ts'
import { type Portal, startPortal } from '../portal/server.ts'
import { type MailReceiver, startMail } from '../steps/notify/receivers.ts'
import { localPages } from './local-pages.ts'

/** What flows/daily.json meets outside: a portal, pages, a language model, a mail server. */
export interface DailyWorld {
  portal: Portal
  pages: PageServer
  ollama: OllamaDouble
  mail: MailReceiver
  /** The flow's settings that lead there. */
  env: Record<string, string>
  /** The flow's node with two small datasets, two pages, and no waiting for anybody's sake. */
  change(node: FlowNode): FlowNode
  close(): Promise<void>
}

const words = 'A tarifa de energia para os consumidores da classe residencial é de 650 kWh. Por isso não deve ser paga.'

/** Every document that the two pages link to. */
export const documents = [
  '/wp-content/uploads/2025/05/reh20253461ti.pdf',
  '/site/wp-content/uploads/REH-3602-2026.pdf',
  '/site/wp-content/uploads/NTC-905200.pdf',
]

/** Starts it; only these documents are there, the others are not found. */
export async function startDailyWorld(there: readonly string[] = documents): Promise<DailyWorld> {
  const portal = await startPortal({ datasets: { bandeira_acionamento: 120, bandeira_adicional: 20 } })
  const pages = await startPages()
  for (const path of there) pages.putDocument(path, tinyPdf(`${words}\n${path.split('/').at(-1)}`))
  const ollama = await startOllamaDouble({
    models: ['resumo'],
    reply: () => JSON.stringify({ text: 'A tarifa de energia é de 650 kWh.' }),
  })
  const mail = await startMail()
  return {
    ...{ portal, pages, ollama, mail },
    env: {
      ...{ YSH_ANEEL_URL: portal.url, YSH_OLLAMA_URL: ollama.url, YSH_OLLAMA_MODEL: 'resumo' },
      ...{ YSH_SMTP_HOST: '127.0.0.1', YSH_SMTP_PORT: String(mail.port), YSH_SMTP_SECURITY: 'none' },
      ...{ YSH_MAIL_FROM: 'robo@ysh.example', YSH_MAIL_TO: 'gente@x.example', YSH_ADMIN_TO: 'admin@x.example' },
      YSH_RETRY_SECONDS: '0.1',
    },
    change(node) {
      const local = localPages(node, pages.url, (name) => /^(cemig|copel)-tarifas$/.test(name))
      if (/portal|scrape|pdf/.test(node.type)) return { ...local, tries: 1, backoffMs: 5, paceMs: 0 }
      if (node.id === 'ysh-daily-each')
        return { ...local, list: ['aneel.bandeira_acionamento', 'aneel.bandeira_adicional'] }
      return local
    },
    async close() {
      await portal.close()
      await pages.close()
      await ollama.stop()
      await mail.close()
    },
  }
}
