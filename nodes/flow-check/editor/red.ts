import type { EditorRed } from '../../kit/editor/red.ts'

/** The part of Node-RED's editor API that only the flow check uses. */
export interface CheckRed extends EditorRed {
  plugins: { registerPlugin(id: string, plugin: { onadd(): void }): void }
  events: { on(event: 'deploy', told: () => void): void }
  actions: { add(name: string, action: () => void, options: { label: string }): void }
  sidebar: {
    addTab(tab: {
      id: string
      label: string
      name: string
      content: HTMLElement
      iconClass: string
      action: string
      enableOnEdit: boolean
      onchange?(): void
    }): void
    show(id: string): void
    config: { show(id: string): void }
  }
  nodes: {
    createCompleteNodeSet(options: { credentials: boolean }): unknown
    node(id: string): { z?: string; _def?: { category?: string } } | null
  }
  view: { reveal(id: string, highlight?: boolean): void }
}
