import type { SummaryFacts } from './collect.ts'

/** The languages of a summary. */
export type Language = 'pt-BR' | 'en-US'

/** The words of a summary in one language. */
export interface Words {
  title: string
  outcome: Record<SummaryFacts['outcome'], string>
  started: string
  lasted: string
  next: string
  noNext: string
  datasets: string
  documents: string
  steps: string
  errors: string
  attention: string
  rows: string
  added: string
  changed: string
  vanished: string
  quarantined: string
  published: string
  unchanged: string
  stale: string
  blocked: string
  tier: Record<string, string>
  old(age: string): string
  because(code: string): string
  warnings(count: string): string
  extracted: string
  partial: string
  same: string
  pages: string
  tables: string
  formulas: string
  records: string
  times: string
  what: string
  more(count: string): string
  nothing: string
  run: string
  trigger: Record<string, string>
  units: [string, string, string, string]
  advice: Record<Advice, string>
}

/** What a person can do about an error. */
export type Advice = 'wait' | 'contract' | 'page' | 'store' | 'mail' | 'document' | 'look'

/** What to do about an error, by its code; docs/errors.md has a line for each. */
export function adviceFor(code: string, retryable: boolean): Advice {
  if (/^(NET_|HTTP_(5|429)|HOST_|PORTAL_|ROBOTS_UNREACHABLE|HTML_INSTEAD|FILE_)/.test(code)) return 'wait'
  if (/^(GATE|HEADER|CONTRACT|ENCODING|ROW_TOO|TOO_MANY)/.test(code)) return 'contract'
  if (/^(RECIPE|PAGE|TABLE|SECTION|COLUMN|ROW|LABEL|VALUE)_/.test(code)) return 'page'
  if (/^(STORE|SQL|CACHE|OBJECT)_/.test(code)) return 'store'
  if (/^(MAIL|WEBHOOK|SNS|NOTIFY)_/.test(code)) return 'mail'
  if (/^(PDF|DOCUMENT|OCR)_/.test(code)) return 'document'
  return retryable ? 'wait' : 'look'
}

const pt: Words = {
  title: 'Resumo da execução',
  outcome: { done: 'Concluída', partly: 'Concluída com erros', failed: 'Falhou' },
  started: 'Início',
  lasted: 'Duração',
  next: 'Próxima execução',
  noNext: 'sem agendamento',
  datasets: 'Conjuntos de dados',
  documents: 'Documentos',
  steps: 'Outras etapas',
  errors: 'Erros',
  attention: 'Exige atenção',
  rows: 'linhas',
  added: 'novas',
  changed: 'alteradas',
  vanished: 'removidas',
  quarantined: 'em quarentena',
  published: 'publicado',
  unchanged: 'sem mudança',
  stale: 'leiaute mudou: valores anteriores mantidos',
  blocked: 'página bloqueada: valores anteriores mantidos',
  tier: { primary: 'fonte principal', backup: 'fonte reserva', cache: 'última cópia boa' },
  old: (age) => `de ${age} atrás`,
  because: (code) => `por ${code}`,
  warnings: (count) => `avisos: ${count}`,
  extracted: 'extraídos',
  partial: 'em parte',
  same: 'já conhecidos',
  pages: 'páginas',
  tables: 'tabelas',
  formulas: 'fórmulas',
  records: 'registros técnicos',
  times: 'vezes',
  what: 'O que fazer',
  more: (count) => `e mais ${count}`,
  nothing: 'Nada foi buscado nesta execução.',
  run: 'Execução',
  trigger: { schedule: 'agendada', manual: 'manual', event: 'por evento', message: 'por mensagem' },
  units: ['s', 'min', 'h', 'dias'],
  advice: {
    wait: 'a princípio nada: é tentado de novo na próxima execução. Se durar, abra o endereço da fonte num navegador e verifique a rede.',
    contract:
      'veja o arquivo na fonte. Se a mudança for real, ajuste o contrato do conjunto; se for um deslize de quem publica, aguarde.',
    page: 'a página mudou: compare-a com a receita e ajuste a receita, ou aceite o novo leiaute no editor.',
    store: 'verifique o banco de dados e o espaço em disco.',
    mail: 'verifique o servidor de e-mail ou o destino no nó que notifica.',
    document: 'abra o documento: pode estar danificado, protegido por senha ou ser grande demais.',
    look: 'procure o código em docs/errors.md.',
  },
}

const en: Words = {
  title: 'Run summary',
  outcome: { done: 'Done', partly: 'Done with errors', failed: 'Failed' },
  started: 'Started',
  lasted: 'Took',
  next: 'Next run',
  noNext: 'not scheduled',
  datasets: 'Datasets',
  documents: 'Documents',
  steps: 'Other steps',
  errors: 'Errors',
  attention: 'Needs a look',
  rows: 'rows',
  added: 'new',
  changed: 'changed',
  vanished: 'vanished',
  quarantined: 'in quarantine',
  published: 'published',
  unchanged: 'unchanged',
  stale: 'layout changed: earlier values kept',
  blocked: 'page blocked: earlier values kept',
  tier: { primary: 'primary source', backup: 'backup source', cache: 'last good copy' },
  old: (age) => `${age} old`,
  because: (code) => `because of ${code}`,
  warnings: (count) => `warnings: ${count}`,
  extracted: 'extracted',
  partial: 'in part',
  same: 'known before',
  pages: 'pages',
  tables: 'tables',
  formulas: 'formulas',
  records: 'technical records',
  times: 'times',
  what: 'What to do',
  more: (count) => `and ${count} more`,
  nothing: 'Nothing was fetched in this run.',
  run: 'Run',
  trigger: { schedule: 'scheduled', manual: 'by hand', event: 'by an event', message: 'by a message' },
  units: ['s', 'min', 'h', 'days'],
  advice: {
    wait: 'nothing at first: it is tried again by the next run. Should it last, open the source’s address in a browser and look at the network.',
    contract:
      'look at the file at the source. If the change is real, adapt the dataset’s contract; if it is a slip of the publisher, wait.',
    page: 'the page has changed: compare it with the recipe and mend the recipe, or accept the new layout in the editor.',
    store: 'look at the database and at the room on the disk.',
    mail: 'look at the mail server or the receiver in the node that notifies.',
    document: 'open the document: it may be damaged, protected by a password, or too large.',
    look: 'look the code up in docs/errors.md.',
  },
}

/** The words of a language. */
export function wordsIn(language: Language): Words {
  return language === 'pt-BR' ? pt : en
}

/** Figures and times as a language writes them; times are those of Brasília, where the data come from. */
export function formats(language: Language) {
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 })
  const time = new Intl.DateTimeFormat(language, {
    timeZone: 'America/Sao_Paulo',
    dateStyle: 'short',
    timeStyle: 'short',
  })
  const { units } = wordsIn(language)
  return {
    number: (value: number) => number.format(value),
    time: (iso: string) => (Number.isNaN(Date.parse(iso)) ? iso : `${time.format(new Date(iso))} (Brasília)`),
    span(seconds: number): string {
      const [s, min, h, days] = units
      const said = (value: number, unit: string) => `${number.format(value)} ${unit}`
      if (seconds < 10) return said(Math.round(seconds * 10) / 10, s)
      if (seconds < 120) return said(Math.round(seconds), s)
      if (seconds < 7_200) return said(Math.round(seconds / 60), min)
      if (seconds < 172_800) return said(Math.round(seconds / 3_600), h)
      return said(Math.round(seconds / 86_400), days)
    },
  }
}
