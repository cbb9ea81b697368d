import type { SummaryFacts } from './collect.ts'
import { htmlOf } from './html.ts'
import { type Line, linesOf } from './lines.ts'
import { type Language, wordsIn } from './words.ts'

/** A summary as an e-mail. */
export interface WrittenSummary {
  subject: string
  text: string
  html: string
}

/** Writes a summary for people. The same lines make the text and the HTML. */
export function writeSummary(facts: SummaryFacts, language: Language): WrittenSummary {
  const words = wordsIn(language)
  const lines = linesOf(facts, language)
  const day = new Intl.DateTimeFormat(language, { timeZone: 'America/Sao_Paulo', dateStyle: 'short' })
  return {
    subject: `${words.outcome[facts.outcome]}: ${words.title.toLowerCase()}, ${day.format(new Date(facts.startedAt))}`,
    text: textOf(lines),
    html: htmlOf(lines, { language, title: words.title, outcome: facts.outcome }),
  }
}

function textOf(lines: readonly Line[]): string {
  const rows: string[] = []
  for (const line of lines) {
    if (line.kind === 'status') rows.push(line.text.toUpperCase(), '')
    else if (line.kind === 'heading') rows.push('', `== ${line.text} ==`)
    else if (line.kind === 'pair') rows.push(`${line.name}: ${line.text}`)
    else if (line.kind === 'figures') rows.push(line.figures.map(({ name, value }) => `${value} ${name}`).join(', '))
    else if (line.kind === 'entry') {
      rows.push(
        `* ${line.title}${line.state === '' ? '' : ` [${line.state}]`}`,
        ...line.details.map((detail) => `  ${detail}`),
      )
    } else rows.push('', line.text)
  }
  return `${rows.join('\n').trim()}\n`
}
