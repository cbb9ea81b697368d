import type { Affected, Alert, AlertFacts } from './alert.ts'

/** Datasets that a text lists by name. */
const listed = 20

type Language = keyof Alert['texts']
type Event = AlertFacts['event']

/** The words of one language. */
interface Words {
  subject: Record<AlertFacts['kind'], Record<Event, (what: string, code: string) => string>>
  reason(code: string, message: string): string
  since(at: string): string
  over(from: string, to: string, lasted: string, failures: number): string
  flaps(count: number): string
  affected(count: number): string
  quiet: string
  item(item: string, served: string): string
  compared(item: string, served: string, difference: string): string
  more(count: number): string
  tier: Record<'primary' | 'backup' | 'cache' | 'nothing', string>
  old(age: string): string
  /** In place of an age that nobody knows. */
  ifAny: string
  difference(counts: { new: number; changed: number; vanished: number }): string
  equal: string
  unknown: string
  todo: string
  advice: Record<'source' | 'contract' | 'file' | 'custom', string>
  id(incident: string): string
  time(at: string): string
  age(seconds: number): string
}

const en: Words = {
  subject: {
    source: {
      opened: (what, code) => `Source down: ${what} (${code})`,
      reopened: (what, code) => `Source down again: ${what} (${code})`,
      closed: (what) => `Source back: ${what}`,
    },
    dataset: {
      opened: (what, code) => `Data refused: ${what} (${code})`,
      reopened: (what, code) => `Data refused again: ${what} (${code})`,
      closed: (what) => `Data right again: ${what}`,
    },
    custom: {
      opened: (what, code) => `Incident: ${what} (${code})`,
      reopened: (what, code) => `Incident again: ${what} (${code})`,
      closed: (what) => `Incident over: ${what}`,
    },
  },
  reason: (code, message) => `Reason: ${code}: ${message}`,
  since: (at) => `Since: ${at}`,
  over: (from, to, lasted, failures) =>
    `From ${from} to ${to} (${lasted}), ${failures} failed ${failures === 1 ? 'look' : 'looks'}.`,
  flaps: (count) => `It came back ${count} time(s) shortly after it was over.`,
  affected: (count) => `Affected (${count}):`,
  quiet: 'Whatever else it affects is added to this incident without another alert.',
  item: (item, served) => `- ${item}: ${served}`,
  compared: (item, served, difference) => `- ${item} (${served}): ${difference}`,
  more: (count) => `- and ${count} more`,
  tier: {
    primary: 'served by the primary source',
    backup: 'served from the backup source',
    cache: 'the last good copy is served',
    nothing: 'nothing is served',
  },
  old: (age) => `${age} old`,
  ifAny: 'where there is one',
  difference: (counts) =>
    `${counts.new} new, ${counts.changed} changed, ${counts.vanished} vanished rows had not been served`,
  equal: 'no difference to what was served',
  unknown: 'not compared',
  todo: 'What to do: ',
  advice: {
    source:
      'nothing at first: fetches go on by themselves and this incident closes when the source is back. Should it last, open the address in a browser, look at this machine’s network and proxy, and consider a backup source.',
    contract:
      'look at the file at the source. If the change is real, adapt the dataset’s contract (aliases, gates); if it is a slip of the publisher, wait: it is fetched again with every run.',
    file: 'look at the file at the source; a publisher usually repairs it within a day. It is fetched again with every run.',
    custom: 'look at the flow that raised this incident.',
  },
  id: (incident) => `Incident ${incident}`,
  time: (at) => `${at.slice(0, 16).replace('T', ' ')} UTC`,
  age: (seconds) => span(seconds, ['s', 'min', 'h', 'days']),
}

const pt: Words = {
  subject: {
    source: {
      opened: (what, code) => `Fonte fora do ar: ${what} (${code})`,
      reopened: (what, code) => `Fonte fora do ar de novo: ${what} (${code})`,
      closed: (what) => `Fonte de volta: ${what}`,
    },
    dataset: {
      opened: (what, code) => `Dados recusados: ${what} (${code})`,
      reopened: (what, code) => `Dados recusados de novo: ${what} (${code})`,
      closed: (what) => `Dados corretos de novo: ${what}`,
    },
    custom: {
      opened: (what, code) => `Incidente: ${what} (${code})`,
      reopened: (what, code) => `Incidente de novo: ${what} (${code})`,
      closed: (what) => `Incidente encerrado: ${what}`,
    },
  },
  reason: (code, message) => `Motivo: ${code}: ${message}`,
  since: (at) => `Desde: ${at}`,
  over: (from, to, lasted, failures) =>
    `De ${from} a ${to} (${lasted}), ${failures} ${failures === 1 ? 'tentativa falhou' : 'tentativas falharam'}.`,
  flaps: (count) => `Voltou ${count} vez(es) pouco depois de encerrado.`,
  affected: (count) => `Afetados (${count}):`,
  quiet: 'O que mais for afetado entra neste incidente sem novo alerta.',
  item: (item, served) => `- ${item}: ${served}`,
  compared: (item, served, difference) => `- ${item} (${served}): ${difference}`,
  more: (count) => `- e mais ${count}`,
  tier: {
    primary: 'servido pela fonte principal',
    backup: 'servido pela fonte reserva',
    cache: 'a última cópia boa é servida',
    nothing: 'nada é servido',
  },
  old: (age) => `de ${age} atrás`,
  ifAny: 'onde houver',
  difference: (counts) =>
    `${counts.new} linhas novas, ${counts.changed} alteradas e ${counts.vanished} removidas não tinham sido servidas`,
  equal: 'nenhuma diferença do que foi servido',
  unknown: 'não comparado',
  todo: 'O que fazer: ',
  advice: {
    source:
      'a princípio nada: as buscas continuam sozinhas e este incidente se encerra quando a fonte voltar. Se durar, abra o endereço num navegador, verifique a rede e o proxy desta máquina e considere uma fonte reserva.',
    contract:
      'veja o arquivo na fonte. Se a mudança for real, ajuste o contrato do conjunto de dados (aliases, gates); se for um deslize de quem publica, aguarde: ele é buscado de novo a cada execução.',
    file: 'veja o arquivo na fonte; quem publica costuma corrigi-lo em um dia. Ele é buscado de novo a cada execução.',
    custom: 'veja o fluxo que abriu este incidente.',
  },
  id: (incident) => `Incidente ${incident}`,
  time: (at) =>
    `${new Intl.DateTimeFormat('pt-BR', { timeZone: 'America/Sao_Paulo', dateStyle: 'short', timeStyle: 'short' }).format(new Date(at))} (Brasília)`,
  age: (seconds) => span(seconds, ['s', 'min', 'h', 'dias']),
}

/** Subject and body for the administrator, in both languages. */
export function alertTexts(facts: AlertFacts): Alert['texts'] {
  return { 'pt-BR': textIn('pt-BR', facts), 'en-US': textIn('en-US', facts) }
}

function textIn(language: Language, facts: AlertFacts): { subject: string; body: string } {
  const words = language === 'pt-BR' ? pt : en
  const { event, kind, what, error, since, until, affected, more, failures, flaps } = facts
  const lines = [
    ...(until === null
      ? [words.reason(error.code, error.message), words.since(words.time(since))]
      : [
          words.over(words.time(since), words.time(until), words.age(seconds(since, until)), failures),
          words.reason(error.code, error.message),
        ]),
    ...(flaps > 0 ? [words.flaps(flaps)] : []),
    ...(affected.length > 0 ? [words.affected(affected.length + more)] : []),
    ...affected.slice(0, listed).map((item) => itemLine(words, event, item)),
    ...(affected.length + more > listed ? [words.more(affected.length + more - listed)] : []),
    ...(event === 'closed' ? [] : [words.quiet, words.todo + words.advice[adviceFor(kind, error.code)]]),
    words.id(facts.incident),
  ]
  return { subject: words.subject[kind][event](what, error.code), body: lines.join('\n') }
}

function itemLine(words: Words, event: Event, { item, served, difference }: Affected): string {
  const meanwhile =
    served === null
      ? words.tier.nothing
      : `${words.tier[served.tier]}, ${
          served.ageSeconds === null ? words.ifAny : words.old(words.age(Math.round(served.ageSeconds)))
        }`
  if (event !== 'closed') return words.item(item, meanwhile)
  const found =
    difference === null
      ? words.unknown
      : difference.new + difference.changed + difference.vanished === 0
        ? words.equal
        : words.difference(difference)
  return words.compared(item, meanwhile, found)
}

function adviceFor(kind: AlertFacts['kind'], code: string): keyof Words['advice'] {
  if (kind !== 'dataset') return kind
  return /^(GATE|HEADER)_/.test(code) ? 'contract' : 'file'
}

function seconds(from: string, to: string): number {
  return Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1_000))
}

function span(value: number, [s, min, h, days]: [string, string, string, string]): string {
  if (value < 120) return `${value} ${s}`
  if (value < 7_200) return `${Math.round(value / 60)} ${min}`
  if (value < 172_800) return `${Math.round(value / 3_600)} ${h}`
  return `${Math.round(value / 86_400)} ${days}`
}
