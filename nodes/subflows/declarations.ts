/**
 * The subflows of `subflows/` that are nodes of the palette too. The build makes the nodes from the JSON; what is said here is only what the
 * JSON has no place for. Texts: `locales/<language>/<type>.json` and `.md`.
 */
export interface SubflowDeclaration {
  /** Node-RED type, which stands in flows. */
  type: `ysh-${string}`
  /** The editable subflow, a file of `subflows/`. */
  file: string
  /** The properties by which an instance chooses its config nodes: name, and the id of the file's config node it stands for. */
  references: Readonly<Record<string, string>>
  /** A name per output; labels are `outputs.<name>`. */
  outputs: readonly string[]
}

/** What the editor has to know of a subflow's node; the build makes it. */
export interface SubflowSpec {
  type: string
  references: Readonly<Record<string, { type: string; required: boolean }>>
  outputs: readonly string[]
}

/** The subflows that are nodes, in alphabetical order. */
export const subflowDeclarations: readonly SubflowDeclaration[] = [
  {
    type: 'ysh-aneel-dataset',
    file: 'aneel-dataset.json',
    references: { STORES: 'ysh-stores-default', PORTAL: 'ysh-portal-aneel' },
    outputs: ['published', 'unchanged', 'failed'],
  },
  {
    type: 'ysh-fetch-with-fallback',
    file: 'fetch-with-fallback.json',
    references: { STORES: 'ysh-stores-default', PORTAL: 'ysh-portal-aneel', BACKUP: 'ysh-portal-reserva' },
    outputs: ['data', 'failed'],
  },
  {
    type: 'ysh-notify-on-failure',
    file: 'notify-on-failure.json',
    references: { STORES: 'ysh-stores-default', MAIL: 'ysh-mail-default' },
    outputs: ['message'],
  },
  {
    type: 'ysh-pdf-to-index',
    file: 'pdf-to-index.json',
    references: { STORES: 'ysh-stores-default', OLLAMA: 'ysh-ollama-default' },
    outputs: ['indexed', 'unchanged', 'failed'],
  },
]
