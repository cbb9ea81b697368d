import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { FormSpec } from '../nodes/kit/editor/spec.ts'
import { formOf, rowsOf } from './fields.ts'
import { globalName } from './html.ts'
import { type NodeSource, namespaceOf, root } from './nodes.ts'

/** The editor code of a node: the kit's form with what the declaration says, and the node's own widgets, in one global. */
export async function editorCode(node: NodeSource): Promise<string> {
  const source = [
    `import { createForm } from ${JSON.stringify(fileURLToPath(new URL('nodes/kit/editor/form.ts', root)))}`,
    node.editor === undefined
      ? 'const widgets = {}'
      : `import { widgets } from ${JSON.stringify(fileURLToPath(node.editor))}`,
    `export const form = createForm(${JSON.stringify(specOf(node))}, widgets)`,
  ].join('\n')
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: fileURLToPath(root), loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: globalName(node.type),
    target: 'es2023',
    minify: true,
    // Accents as they are: the file is UTF-8.
    charset: 'utf8',
    logLevel: 'error',
  })
  return outputFiles[0]?.text ?? ''
}

function specOf({ declaration, type, catalogues }: NodeSource): FormSpec {
  const fields = rowsOf(formOf(declaration))
    .filter((row) => row.origin !== 'name' && row.origin !== 'credential')
    .map(({ field, widget, rules, value, when }) => ({
      field,
      widget,
      rules,
      value,
      ...(catalogues['en-US'].find(`fields.${field}.invalid`) === undefined ? {} : { ownMessage: true }),
      ...(when === undefined ? {} : { when }),
    }))
  return { type, namespace: namespaceOf(type), config: declaration.category === 'config', fields }
}
