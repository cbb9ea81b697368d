import type { SummaryFacts } from './collect.ts'
import type { Line } from './lines.ts'
import type { Language } from './words.ts'

/**
 * Colours of a mood: text and ground, by day and by night. Mail programs that know no dark mode get the first pair; those that turn
 * colours round by themselves do no harm, for nothing is told by colour alone.
 */
const moods = {
  good: { day: ['#0b6b3a', '#e3f4ea'], night: ['#8fe0b3', '#123524'] },
  quiet: { day: ['#4a5561', '#edf0f3'], night: ['#b6c0cb', '#2a313a'] },
  warning: { day: ['#8a5200', '#fdf0d9'], night: ['#ffcf85', '#41300f'] },
  bad: { day: ['#a11a1a', '#fde8e8'], night: ['#ffaaaa', '#451a1a'] },
} as const

const font = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"

/** The HTML of an e-mail: no pictures, no scripts, nothing from outside, one column that fits 360 px. All texts are escaped. */
export function htmlOf(
  lines: readonly Line[],
  { language, title, outcome }: { language: Language; title: string; outcome: SummaryFacts['outcome'] },
): string {
  const body = lines.map((line) => htmlLine(line, outcome)).join('\n')
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escaped(title)}</title>
<style>
${style()}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f4f6f8;color:#1c2530;${font}">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" class="page" style="background:#f4f6f8"><tr><td align="center" style="padding:16px 8px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" class="card" style="max-width:620px;background:#ffffff;border-radius:10px"><tr><td style="padding:20px 18px;${font};font-size:15px;line-height:1.45;text-align:left">
<h1 style="margin:0 0 10px;font-size:20px;line-height:1.25">${escaped(title)}</h1>
${body}
</td></tr></table>
</td></tr></table>
</body>
</html>
`
}

function htmlLine(line: Line, outcome: SummaryFacts['outcome']): string {
  switch (line.kind) {
    case 'status': {
      const mood = outcome === 'done' ? 'good' : outcome === 'partly' ? 'warning' : 'bad'
      return `<p style="margin:0 0 12px">${badge(line.text, mood)}</p>`
    }
    case 'pair':
      return `<p style="margin:2px 0"><span class="soft" style="color:#5a6672">${escaped(line.name)}:</span> ${escaped(line.text)}</p>`
    case 'figures':
      return `<p style="margin:14px 0 4px">${line.figures.map(figure).join('')}</p>`
    case 'heading':
      return `<h2 class="line" style="margin:22px 0 4px;padding-top:14px;border-top:1px solid #dde2e7;font-size:16px;line-height:1.3">${escaped(line.text)}</h2>`
    case 'entry': {
      const state = line.state === '' ? '' : ` ${badge(line.state, line.mood)}`
      const details = line.details.map(
        (detail) =>
          `<br><span class="soft" style="color:#5a6672;font-size:14px">${figuresWhole(escaped(detail))}</span>`,
      )
      return `<p style="margin:10px 0;overflow-wrap:anywhere;word-break:break-word"><strong>${escaped(line.title)}</strong>${state}${details.join('')}</p>`
    }
    case 'foot':
      return `<p class="soft" style="margin:14px 0 0;color:#5a6672;font-size:12px;overflow-wrap:anywhere">${escaped(line.text)}</p>`
  }
}

/** A figure stays on one line with its unit. */
function figuresWhole(html: string): string {
  return html.replaceAll(/(\d) (?=\p{L})/gu, '$1&nbsp;')
}

function badge(text: string, mood: keyof typeof moods): string {
  const [ink, ground] = moods[mood].day
  return `<span class="${mood}" style="display:inline-block;padding:1px 8px;border-radius:9px;background:${ground};color:${ink};font-size:13px;font-weight:600">${escaped(text)}</span>`
}

function figure({ name, value }: { name: string; value: string }): string {
  return `<span class="figure" style="display:inline-block;min-width:118px;margin:0 14px 8px 0;vertical-align:top"><span style="font-size:20px;font-weight:700">${escaped(value)}</span><br><span class="soft" style="color:#5a6672;font-size:13px">${escaped(name)}</span></span>`
}

function style(): string {
  const night = Object.entries(moods).map(
    ([
      name,
      {
        night: [ink, ground],
      },
    ]) => `.${name}{color:${ink}!important;background:${ground}!important}`,
  )
  return `:root{color-scheme:light dark}
@media (prefers-color-scheme:dark){
.page{background:#14181d!important;color:#e8ecf0!important}
.card{background:#1d232a!important;color:#e8ecf0!important}
.soft{color:#a9b4bf!important}
.line{border-color:#39424c!important}
${night.join('\n')}
}`
}

/** Text as HTML, also in an attribute. Control characters, which no text needs, are left out. */
function escaped(text: string): string {
  return text
    .replaceAll(/\p{Cc}/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
