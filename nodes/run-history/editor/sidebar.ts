import type { CheckRed } from '../../flow-check/editor/red.ts'
import { element } from '../../kit/editor/element.ts'
import { createApp } from './app.ts'
import { textsIn } from './texts.ts'

/** What the side bar uses of the editor beside what the flow check does. */
interface RunsRed extends CheckRed {
  workspaces: { active(): string }
  settings: { apiRootUrl?: string; get(name: 'auth-tokens'): { access_token?: string } | null | undefined }
}

const tab = 'ysh-runs'

/** Puts the runs into a tab of the editor's side bar. */
export function install(red: RunsRed): void {
  red.plugins.registerPlugin('ysh-run-history', { onadd: () => start(red) })
}

function start(red: RunsRed): void {
  const language = red.i18n.lang().startsWith('pt') ? 'pt-BR' : 'en-US'
  const texts = textsIn(language)
  const content = element('div', 'ysh-runs-sidebar')
  const root = red.settings.apiRootUrl ?? ''
  const app = createApp({
    language,
    root,
    token: () => red.settings.get('auth-tokens')?.access_token,
    visible: () => content.offsetParent !== null,
    reveal(canvas, inside) {
      const open = inside.find((id) => red.nodes.node(id)?.z === red.workspaces.active())
      if (open === undefined && !red.nodes.node(canvas)) return false
      red.view.reveal(open ?? canvas, true)
      return true
    },
    refused: () => undefined, // the editor itself asks for the login
  })
  const page = element('a', 'ysh-runs-page', {
    href: `${root}ysh-pipeline/runs?lang=${language}`,
    target: '_blank',
    rel: 'noopener',
  })
  page.textContent = texts.openPage
  content.append(app.content, page)
  red.actions.add('ysh:show-runs-tab', () => red.sidebar.show(tab), { label: texts.title })
  red.sidebar.addTab({
    ...{ id: tab, label: texts.title.toLowerCase(), name: texts.title, content, iconClass: 'fa fa-history' },
    ...{ action: 'ysh:show-runs-tab', enableOnEdit: true },
    onchange: shown,
  })
  // A tab that is open from the start is told of no change.
  new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) shown()
  }).observe(content)

  function shown(): void {
    content.classList.toggle('ysh-runs-dark', isDark(content))
    app.refresh()
  }
}

/** Whether the editor's theme, whichever it is, writes light on dark. */
function isDark(element: HTMLElement): boolean {
  const [red = 0, green = 0, blue = 0] = (getComputedStyle(element).color.match(/\d+/g) ?? []).map(Number)
  return red + green + blue > 384
}
