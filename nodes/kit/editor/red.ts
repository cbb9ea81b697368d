/** The part of Node-RED's editor API that this package uses. The types of @types/node-red__editor-client describe version 1.3. */
export interface EditorNode {
  id: string
  type: string
  name?: string
  changed?: boolean
  [property: string]: unknown
}

export interface EditorRed {
  _(key: string, values?: Record<string, string | number>): string
  i18n: { lang(): string }
  notify(message: string, options: { type: 'success' | 'warning' | 'error'; timeout?: number }): void
}

/** jQuery, as far as Node-RED's own widgets need it. */
export interface EditableList {
  editableList(options: {
    addItem(container: [HTMLElement], index: number, data: unknown): void
    /** After an entry has gone. */
    removeItem?(): void
    sortable?: boolean
    removable?: boolean
    height?: string | number
    addButton?: string
  }): EditableList
  editableList(method: 'addItem', data: unknown): EditableList
  editableList(method: 'items'): { each(visit: (this: HTMLElement, index: number) => void): void }
}

/** What jQuery hands to a failed request's handler. */
export interface FailedAnswer {
  status: number
  responseJSON?: { code?: string; message?: string }
}

export interface EditorQuery {
  (target: Element): EditableList
  ajax(options: {
    url: string
    method?: 'GET' | 'POST'
    /** Parameters; or the body, as `contentType` says. */
    data?: Record<string, string> | string
    contentType?: string
    timeout?: number
  }): {
    then(done: (data: unknown) => void, failed: (answer: FailedAnswer) => void): void
  }
}

declare global {
  const RED: EditorRed
  const $: EditorQuery
}
