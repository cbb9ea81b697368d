import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { SubflowSpec } from '../nodes/subflows/declarations.ts'
import { root } from './nodes.ts'

/** Names of the plugins in package.json and of their files. These two have no runtime part; */
export const flowCheckPlugin = 'ysh-flow-check'
export const subflowsPlugin = 'ysh-subflows'
/** this one has both parts; */
export const historyPlugin = 'run-history'
/** this one has nothing but a runtime part. */
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

/**
 * The editor's part of the run history, beside its runtime part in `folder`. It loads its files from there (`files/`), for a
 * Content-Security-Policy may forbid scripts and styles within a page.
 */
export async function writeHistory(folder: string): Promise<void> {
  const files = join(folder, 'files')
  mkdirSync(files, { recursive: true })
  const source = (name: string) => fileURLToPath(new URL(`nodes/run-history/${name}`, root))
  writeFileSync(join(files, 'sidebar.js'), await codeOf(callOf('nodes/run-history/editor/sidebar.ts', 'RED')))
  writeFileSync(join(files, 'page.js'), await codeOf(`import ${JSON.stringify(source('editor/page.ts'))}`))
  for (const name of ['runs.css', 'page.css']) writeFileSync(join(files, name), readFileSync(source(name)))
  const html = `<link rel="stylesheet" href="ysh-pipeline/runs/runs.css">\n<script src="ysh-pipeline/runs/sidebar.js"></script>\n`
  writeFileSync(join(folder, `${historyPlugin}.html`), html)
}

/** A script that calls `install` of an editor file. */
async function scriptOf(file: string, parameters: string): Promise<string> {
  const code = (await codeOf(callOf(file, parameters))).replaceAll('</script', '<\\/script')
  return `<script type="text/javascript">\n${code}\n</script>\n`
}

function callOf(file: string, parameters: string): string {
  const editor = fileURLToPath(new URL(file, root))
  return `import { install } from ${JSON.stringify(editor)}\ninstall(${parameters})`
}

async function codeOf(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(root), loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2023',
    minify: true,
    charset: 'utf8',
    logLevel: 'error',
  })
  return (outputFiles[0]?.text ?? '').trim()
}
