import { violation } from './check.ts'
import { mountList, readList } from './list.ts'
import type { EditorNode } from './red.ts'
import type { FormField, FormSpec } from './spec.ts'

/** What a custom widget gets. */
export interface WidgetContext {
  node: EditorNode
  /** The text field that holds the value and is saved; the widget dresses it and dispatches `change` when it sets it. */
  input: HTMLInputElement
  /** A text of the node's catalogue. */
  text(key: string, values?: Record<string, string | number>): string
  /** The element of another field; null when the form has none. */
  field(name: string): HTMLInputElement | null
}

/** A custom widget, exported by `nodes/<type>/editor.ts` in `widgets`. Returns how to take it down. */
export type Widget = (context: WidgetContext) => (() => void) | undefined

/** What the generated registerType calls. */
export interface Form {
  /** Validator of a property: true, or what is wrong in the user's language. */
  validate(field: string, value: unknown): true | string
  prepare(node: EditorNode): void
  save(node: EditorNode): void
  close(): void
  press(node: EditorNode): void
}

/** Makes the editor side of a node from its declaration. */
export function createForm(spec: FormSpec, widgets: Readonly<Record<string, Widget>> = {}): Form {
  const text = (key: string, values?: Record<string, string | number>) => RED._(`${spec.namespace}:${key}`, values)
  const idOf = (field: string) => `${spec.config ? 'node-config-input' : 'node-input'}-${field}`
  const input = (field: string) => document.querySelector<HTMLInputElement>(`#${CSS.escape(idOf(field))}`)
  const closers: (() => void)[] = []

  function close(): void {
    for (const closer of closers.splice(0)) closer()
  }

  function validate(name: string, value: unknown): true | string {
    const field = spec.fields.find((candidate) => candidate.field === name)
    const broken = field && violation(field.rules, value)
    if (field === undefined || broken === undefined) return true
    const own = field.ownMessage === true && broken.key === 'check.pattern'
    return `${text(`fields.${name}.label`)}: ${own ? text(`fields.${name}.invalid`) : text(broken.key, broken.values)}`
  }

  return {
    validate,

    prepare(node) {
      close()
      for (const field of spec.fields) {
        const element = input(field.field)
        if (field.widget === 'list') {
          const wrong = (entries: readonly string[]) => {
            const said = validate(field.field, entries)
            return said === true ? undefined : said
          }
          mountList(`${idOf(field.field)}-list`, node[field.field] ?? field.value, text, wrong)
        } else if (element !== null && node[field.field] === undefined && field.widget !== 'reference') {
          // A property added in a later version, or a default that Node-RED takes for none (0, false).
          fill(element, field.value)
        }
        if (field.widget.startsWith('custom:') && element !== null) {
          const closer = widgets[field.widget.slice('custom:'.length)]?.({ node, input: element, text, field: input })
          if (closer !== undefined) closers.push(closer)
        }
      }
      for (const field of spec.fields) if (field.when !== undefined) showWhen(field, input, idOf)
      openWrongSections()
    },

    save(node) {
      for (const field of spec.fields) {
        if (field.widget === 'list') node[field.field] = readList(`${idOf(field.field)}-list`)
        if (field.rules.kind === 'integer' || field.rules.kind === 'number') {
          const typed = input(field.field)?.value.trim() ?? ''
          const right = typed !== '' && !typed.startsWith('$') && violation(field.rules, typed) === undefined
          // A number is kept as one; `${NAME}` and what does not validate stay as typed. What did not change stays as it was.
          if (right && Number(node[field.field] ?? Number.NaN) !== Number(typed)) node[field.field] = Number(typed)
        }
      }
      close()
    },

    close,

    press(node) {
      // jQuery, because Node-RED teaches it the editor's login.
      $.ajax({ url: `ysh/${spec.type}/${encodeURIComponent(node.id)}/press`, method: 'POST' }).then(
        () => RED.notify(text('button.done'), { type: 'success', timeout: 2_000 }),
        (answer) => {
          const reason = answer.responseJSON?.message ?? `HTTP ${answer.status}`
          RED.notify(text('button.failed', { reason }), { type: 'error' })
        },
      )
    },
  }
}

function fill(element: HTMLInputElement, value: unknown): void {
  if (element.type === 'checkbox') element.checked = value === true
  else if (value !== undefined && value !== null) element.value = String(value)
}

function showWhen(
  { field, when }: FormField,
  input: (field: string) => HTMLInputElement | null,
  idOf: (field: string) => string,
): void {
  const other = when && input(when.field)
  const row = (input(field) ?? document.getElementById(`${idOf(field)}-list`))?.closest<HTMLElement>('.form-row')
  if (!when || !other || !row) return
  const update = () => {
    const value = other.type === 'checkbox' ? other.checked : other.value
    row.hidden = !when.is.includes(value)
  }
  other.addEventListener('change', update)
  update()
}

/** A mark on a field that nobody sees helps nobody. */
function openWrongSections(): void {
  requestAnimationFrame(() => {
    for (const section of document.querySelectorAll<HTMLDetailsElement>('.ysh-form details')) {
      if (section.querySelector('.input-error') !== null) section.open = true
    }
  })
}
