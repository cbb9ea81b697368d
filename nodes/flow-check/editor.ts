import { checkFlow } from '../../lib/flow-check/check.ts'
import { flowNodes } from '../../lib/flow-check/node.ts'
import type { CheckLanguage } from '../../lib/flow-check/rule.ts'
import { createPanel } from './editor/panel.ts'
import type { CheckRed } from './editor/red.ts'
import { texts } from './editor/texts.ts'

const tab = 'ysh-flow-check'

/** Puts the flow check into the editor: a tab of the sidebar, an action, and a warning after a deploy that has errors. */
export function install(red: CheckRed): void {
  red.plugins.registerPlugin(tab, { onadd: () => start(red) })
}

function start(red: CheckRed): void {
  const language: CheckLanguage = red.i18n.lang().startsWith('pt') ? 'pt-BR' : 'en-US'
  const words = texts[language]
  const panel = createPanel(language, check, reveal)
  red.actions.add('ysh:show-flow-check-tab', () => red.sidebar.show(tab), { label: words.name })
  red.actions.add('ysh:check-flows', showChecked, { label: words.check })
  red.sidebar.addTab({
    id: tab,
    label: words.label,
    name: words.name,
    content: panel.content,
    iconClass: 'fa fa-check-square-o',
    action: 'ysh:show-flow-check-tab',
    enableOnEdit: true,
  })
  red.events.on('deploy', () => {
    const errors = check()
    if (errors > 0)
      red.notify(words.deployed.replace('__errors__', String(errors)), { type: 'warning', timeout: 8_000 })
  })

  /** Shows what is found; returns how many errors there are. Never throws: it runs inside the editor's deploy. */
  function check(): number {
    try {
      const findings = checkFlow(flowNodes(red.nodes.createCompleteNodeSet({ credentials: false })), { language })
      panel.show(findings)
      return findings.filter(({ severity }) => severity === 'error').length
    } catch (thrown) {
      panel.fail(thrown instanceof Error ? thrown.message : String(thrown))
      return 0
    }
  }

  function showChecked(): void {
    check()
    red.sidebar.show(tab)
  }

  function reveal(id: string): void {
    if (red.nodes.node(id)?._def?.category === 'config') red.sidebar.config.show(id)
    else red.view.reveal(id, true)
  }
}
