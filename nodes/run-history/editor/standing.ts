import type { Freshness } from '../../../lib/history/freshness.ts'
import { element, textElement } from '../../kit/editor/element.ts'
import type { OverviewAnswer } from './answers.ts'
import { mark, placeOf, runLink, section, type View } from './parts.ts'
import { filled } from './texts.ts'

/** How things stand: freshness, incidents, hosts, queue, parked runs, schedules. */
export function createStanding(view: View) {
  const { texts, format, host } = view
  const content = element('div', 'ysh-runs-standing')

  function show(stand: OverviewAnswer): void {
    const { queued, running, waiting, notices } = stand
    content.replaceChildren(
      section(texts.freshness, ...list(stand.freshness, texts.noData, dataset)),
      section(
        texts.incidents,
        ...list(stand.incidents, texts.noIncidents, ({ what, openedAt, failures, error, affected }) => [
          textElement('strong', '', what),
          textElement('div', '', `${error.code}: ${error.message}`),
          textElement('div', 'ysh-runs-quiet', filled(texts.since, { time: format.time(openedAt), n: failures })),
          ...affectedBy(affected.filter(({ recoveredAt }) => recoveredAt === null).map(({ item }) => item)),
        ]),
      ),
      section(
        texts.hosts,
        ...list(stand.hosts, texts.noHosts, ({ host: name, state, waitMs }) => [
          textElement('strong', '', name),
          ` ${state === 'open' ? filled(texts.hostText, { time: format.span(waitMs / 1_000) }) : texts.hostTrying}`,
        ]),
      ),
      section(texts.queue, textElement('p', '', filled(texts.queueText, { queued, running, waiting, ...notices }))),
      section(
        texts.parked,
        ...list(stand.parked, texts.noParked, ({ id, flow, slot, dueAt }) => [
          runLink(view, id, `${stand.places[flow]?.name ?? flow} · ${format.slot(slot)}`),
          dueAt === null ? '' : ` ${texts.due.toLowerCase()} ${format.ago(dueAt)}`,
        ]),
      ),
      section(
        texts.schedules,
        ...list(stand.schedules, texts.noSchedules, ({ flow, nextSlot }) => [
          placeOf(view, stand.places[flow], flow),
          nextSlot === null ? '' : ` ${filled(texts.nextSlot, { time: format.time(nextSlot) })}`,
        ]),
      ),
    )
  }

  function list<T>(things: readonly T[], none: string, row: (thing: T) => (Node | string)[]): HTMLElement[] {
    if (things.length === 0) return [textElement('p', 'ysh-runs-quiet', none)]
    const made = element('ul', 'ysh-runs-plain')
    for (const thing of things) {
      const item = element('li')
      item.append(...row(thing))
      made.append(item)
    }
    return [made]
  }

  function affectedBy(items: readonly string[]): HTMLElement[] {
    const named = items.filter((item) => item !== '')
    return named.length === 0 ? [] : [textElement('div', '', filled(texts.affects, { what: named.join(', ') }))]
  }

  function dataset(row: Freshness): (Node | string)[] {
    const head = element('div', 'ysh-runs-rowhead')
    const name = element('span')
    name.append(textElement('strong', '', row.title[host.language] ?? row.dataset))
    head.append(name, mark(row.late ? 'failed' : 'done', format.span(row.ageSeconds)))
    const facts = [
      row.dataset,
      `${texts.version} ${row.version}`,
      `${format.number(row.rows)} ${texts.rows.toLowerCase()}`,
      row.tier === 'primary' || row.tier === 'backup' || row.tier === 'cache' ? texts.tiers[row.tier] : '',
      row.checkedAt === null ? '' : filled(texts.checked, { time: format.ago(row.checkedAt) }),
      row.nextSlot === null ? '' : filled(texts.nextSlot, { time: format.ago(row.nextSlot) }),
    ]
    const made: (Node | string)[] = [
      head,
      textElement('div', 'ysh-runs-quiet', facts.filter((text) => text !== '').join(' · ')),
    ]
    const late = row.late ? filled(texts.late, { cadence: cadence(row.cadence) }) : ''
    const why = [late, row.error ?? ''].filter((text) => text !== '').join(' · ')
    if (why !== '') made.push(textElement('div', 'ysh-runs-why', why))
    return made
  }

  function cadence(name: string | null): string {
    return name === 'daily' || name === 'weekly' || name === 'monthly' || name === 'yearly' ? texts.cadences[name] : ''
  }

  return { content, show }
}
