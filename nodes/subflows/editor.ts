import type { EditorRed } from '../kit/editor/red.ts'
import type { SubflowSpec } from './declarations.ts'

interface Property {
  type?: string
  _type?: { type: string; array: boolean }
  required?: boolean
  label?: string
}

type Instance = { name?: string } & Record<string, unknown>

interface Definition {
  defaults: Record<string, Property | undefined>
  oneditprepare(this: Instance): void
  oneditsave(this: Instance): void
  label(this: Instance): string
  paletteLabel: string
  outputLabels(index: number): string
  /** A text of the node's own catalogue. */
  _(key: string): string
}

/** The part of Node-RED's editor API that only this plugin uses. */
export interface PaletteRed extends EditorRed {
  plugins: { registerPlugin(id: string, plugin: { onadd(): void }): void }
  events: { on(event: 'registry:node-type-added', told: (type: string) => void): void }
  nodes: { getType(type: string): Definition | undefined }
  palette: { add(type: string, definition: Definition): void; remove(type: string): void }
}

/**
 * Node-RED makes the definition of a subflow's node itself, with one name for all languages, without labels on ports, and without knowing which
 * properties are config nodes: it would call those unused, and leave them out of an export. This adds what is missing. Without it the nodes
 * work as well.
 */
export function install(red: PaletteRed, specs: readonly SubflowSpec[]): void {
  const known = new Map(specs.map((spec) => [spec.type, spec]))
  const onadd = () =>
    red.events.on('registry:node-type-added', (type) => {
      const spec = known.get(type)
      const definition = red.nodes.getType(type)
      if (spec === undefined || definition === undefined) return
      complete(spec, definition)
      // it stands in the palette already, under its English name
      red.palette.remove(type)
      red.palette.add(type, definition)
    })
  red.plugins.registerPlugin('ysh-subflows', { onadd })
}

function complete({ references, outputs }: SubflowSpec, definition: Definition): void {
  const label = definition._('label')
  definition.paletteLabel = label
  definition.label = function () {
    return this.name || label
  }
  definition.outputLabels = (index) => definition._(`outputs.${outputs[index]}`)
  for (const [name, { type, required }] of Object.entries(references)) {
    const property: Property = {
      type,
      _type: { type, array: false },
      required,
      label: definition._(`fields.${name}.label`),
    }
    Object.assign(definition.defaults[name] ?? {}, property)
  }
  saveReferences(Object.keys(references), definition)
}

/**
 * Node-RED notes who uses a config node when it reads the field of a property itself; the form of a subflow's node writes into the node
 * instead. So each reference gets a hidden field of that name, which says what was chosen.
 */
function saveReferences(names: readonly string[], definition: Definition): void {
  const { oneditprepare, oneditsave } = definition
  const idOf = (name: string) => `node-input-${name}`
  definition.oneditprepare = function () {
    oneditprepare.call(this)
    for (const name of names) {
      const field = Object.assign(document.createElement('input'), { type: 'hidden', id: idOf(name) })
      document.getElementById('subflow-input-ui')?.append(field)
    }
  }
  definition.oneditsave = function () {
    const before = names.map((name): [string, unknown] => [name, this[name]])
    oneditsave.call(this)
    for (const [name, value] of before) {
      const field = document.getElementById(idOf(name))
      const chosen = this[name]
      if (!(field instanceof HTMLInputElement) || typeof chosen !== 'string') continue
      field.value = chosen
      this[name] = value
    }
  }
}
