import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { SubflowSpec } from '../nodes/subflows/declarations.ts'
import { root } from './nodes.ts'

/** Names of the editor's plugins in package.json and of their files. They have no runtime part. */
export const flowCheckPlugin = 'ysh-flow-check'
export const subflowsPlugin = 'ysh-subflows'
/** The plugin that has nothing but a runtime part. */
export const healthPlugin = 'ysh-health'

/** A runtime plugin's file. Node-RED loads plugins by `require`, which takes no ES module on Node 22.9. */
export function runtimePlugin(module: string): string {
  return `module.exports = async (red) => (await import(${JSON.stringify(module)})).default(red)\n`
}

/** `ysh-flow-check.html`: the flow check of the editor, with the same rules as the command line. */
export async function flowCheckHtml(): Promise<string> {
  const style = readFileSync(new URL('nodes/flow-check/editor.css', root), 'utf8').trim()
  return `<style>\n${style}\n</style>\n\n${await scriptOf('nodes/flow-check/editor.ts', 'RED')}`
}

/** `ysh-subflows.html`: what the editor's definitions of the subflows' nodes lack. */
export async function subflowsHtml(specs: readonly SubflowSpec[]): Promise<string> {
  return scriptOf('nodes/subflows/editor.ts', `RED, ${JSON.stringify(specs)}`)
}

/** A script that calls `install` of an editor file. */
async function scriptOf(file: string, parameters: string): Promise<string> {
  const editor = fileURLToPath(new URL(file, root))
  const { outputFiles } = await build({
    stdin: {
      contents: `import { install } from ${JSON.stringify(editor)}\ninstall(${parameters})`,
      resolveDir: fileURLToPath(root),
      loader: 'ts',
    },
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2023',
    minify: true,
    charset: 'utf8',
    logLevel: 'error',
  })
  const code = (outputFiles[0]?.text ?? '').trim().replaceAll('</script', '<\\/script')
  return `<script type="text/javascript">\n${code}\n</script>\n`
}
