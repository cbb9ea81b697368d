import { existsSync, readFileSync } from 'node:fs'
import type { NodeDeclaration } from '../nodes/kit/declaration.ts'
import { type FormRow, formOf, rowsOf } from './fields.ts'
import { type NodeSource, namespaceOf, root } from './nodes.ts'

/**
 * `<type>.html`: the editor's code, the type's registration and the edit form. The registration is written out in literals because
 * the Flow Library reads it without running it.
 */
export function nodeHtml(node: NodeSource, editorCode: string): string {
  const styles = [new URL('nodes/kit/editor/form.css', root), new URL('editor.css', node.folder)]
  const style = styles.map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : '')).join('')
  return [
    `<style>\n${style.trim()}\n</style>`,
    `<script type="text/javascript">\n${editorCode.trim().replaceAll('</script', '<\\/script')}\n</script>`,
    `<script type="text/javascript">\n${registration(node)}\n</script>`,
    `<script type="text/html" data-template-name="${node.type}">\n${template(node)}\n</script>`,
    '',
  ].join('\n\n')
}

/** Name of the global that holds a node's editor code. */
export function globalName(type: string): string {
  return type.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

function registration({ declaration, type }: NodeSource): string {
  const form = `${globalName(type)}.form`
  const { category, credentials } = declaration
  const lines = [`category: ${JSON.stringify(category)},`]
  if (category !== 'config') lines.push(...appearance(declaration))
  lines.push('defaults: {', ...defaults(declaration, form).map((line) => `  ${line}`), '},')
  if (credentials !== undefined) {
    const entries = Object.entries(credentials).map(
      ([name, { type }]) => `  ${name}: { type: ${JSON.stringify(type)} },`,
    )
    lines.push('credentials: {', ...entries, '},')
  }
  lines.push(
    `label: function () { return this.name || ${labelFrom(declaration)}this._("label") },`,
    'paletteLabel: function () { return this._("label") },',
    'labelStyle: function () { return this.name ? "node_label_italic" : "" },',
    `oneditprepare: function () { ${form}.prepare(this) },`,
    `oneditsave: function () { ${form}.save(this) },`,
    `oneditcancel: function () { ${form}.close() },`,
  )
  return `RED.nodes.registerType(${JSON.stringify(type)}, {\n${lines.map((line) => `  ${line}`).join('\n')}\n})`
}

/** What stands on a node without a name: a setting, of a choice its words and not its value. */
function labelFrom(declaration: NodeDeclaration): string {
  const { labelFrom: field } = declaration
  if (field === undefined) return ''
  const row = rowsOf(formOf(declaration)).find((one) => one.field === field)
  if (row?.rules.kind !== 'choice') return `this.${field} || `
  return `(this.${field} && this._("fields.${field}.options." + this.${field})) || `
}

function appearance({ type, color, icon, inputs = 1, outputs = [], align, button }: NodeDeclaration): string[] {
  if (color === undefined || icon === undefined) throw new Error(`${type} has no color or no icon`)
  const form = `${globalName(type)}.form`
  return [
    `color: ${JSON.stringify(color)},`,
    `icon: ${JSON.stringify(icon)},`,
    `inputs: ${inputs},`,
    `outputs: ${outputs.length},`,
    ...(outputs.length > 0
      ? [`outputLabels: function (index) { return this._("outputs." + ${JSON.stringify(outputs)}[index]) },`]
      : []),
    ...(align === undefined ? [] : [`align: ${JSON.stringify(align)},`]),
    ...(button === true
      ? [`button: { enabled: function () { return !this.changed }, onclick: function () { ${form}.press(this) } },`]
      : []),
  ]
}

function defaults(declaration: NodeDeclaration, form: string): string[] {
  const namespace = namespaceOf(declaration.type)
  return rowsOf(formOf(declaration))
    .filter((row) => row.origin !== 'credential')
    .map(({ field, origin, value }) => {
      if (!/^[a-z][A-Za-z0-9_]+$/.test(field))
        throw new Error(`${declaration.type}: "${field}" cannot be the name of a property`)
      const label = `label: RED._(${JSON.stringify(`${namespace}:fields.${field}.label`)})`
      const reference = declaration.references?.[field]
      if (origin === 'reference' && reference !== undefined) {
        const { type, required = true } = reference
        return `${field}: { value: "", type: ${JSON.stringify(type)}, required: ${required}, ${label} },`
      }
      if (origin === 'name') return `${field}: { value: "" },`
      const check = `function (v, opt) { return ${form}.validate(${JSON.stringify(field)}, v) }`
      return `${field}: { value: ${JSON.stringify(value)}, ${label}, validate: ${check} },`
    })
}

function template(node: NodeSource): string {
  const { declaration } = node
  const prefix = declaration.category === 'config' ? 'node-config-input' : 'node-input'
  const parts = formOf(declaration).map((part) => {
    if (!('section' in part)) return rowHtml(node, part, prefix)
    const rows = part.rows.map((row) => rowHtml(node, row, prefix)).join('\n')
    return `<details${part.open ? ' open' : ''}>\n<summary data-i18n="sections.${part.section}"></summary>\n${rows}\n</details>`
  })
  return `<div class="ysh-form">\n${parts.join('\n')}\n</div>`
}

function rowHtml({ catalogues }: NodeSource, row: FormRow, prefix: string): string {
  const { field, icon } = row
  const id = `${prefix}-${field}`
  const has = (key: string) => catalogues['en-US'].find(`fields.${field}.${key}`) !== undefined
  const target = row.widget === 'list' ? '' : ` for="${id}"`
  const label = `<label${target}><i class="fa fa-${icon}"></i> <span data-i18n="fields.${field}.label"></span></label>`
  const tip = has('tip') ? `\n<div class="ysh-tip" data-i18n="fields.${field}.tip"></div>` : ''
  const placeholder = has('placeholder') ? ` data-i18n="[placeholder]fields.${field}.placeholder"` : ''
  return `<div class="form-row">\n${label}\n${control(row, id, placeholder)}${tip}\n</div>`
}

function control({ widget, rules, field }: FormRow, id: string, placeholder: string): string {
  switch (widget) {
    case 'select': {
      const options = (rules.choices ?? []).map(
        (choice) => `<option value="${choice}" data-i18n="fields.${field}.options.${choice}"></option>`,
      )
      return `<select id="${id}">${options.join('')}</select>`
    }
    case 'checkbox':
      return `<input type="checkbox" id="${id}">`
    case 'list':
      return `<ol id="${id}-list"></ol>`
    case 'textarea':
      return `<textarea id="${id}" rows="4"${placeholder}></textarea>`
    case 'number': {
      // `type=text`: a number field would not let `${NAME}` in.
      const mode = rules.kind === 'integer' ? 'numeric' : 'decimal'
      return `<input type="text" id="${id}" class="ysh-number" inputmode="${mode}"${placeholder}>`
    }
    case 'password':
      return `<input type="password" id="${id}" autocomplete="new-password"${placeholder}>`
    case 'reference':
      // Node-RED replaces it and keeps the width it finds here.
      return `<input type="text" id="${id}" style="width: calc(100% - 175px)">`
    default:
      return `<input type="text" id="${id}"${placeholder}>`
  }
}
