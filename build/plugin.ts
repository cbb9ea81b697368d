import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { root } from './nodes.ts'

/** Name of the plugin in package.json and of its file. */
export const flowCheckPlugin = 'ysh-flow-check'

/** `ysh-flow-check.html`: the flow check of the editor, with the same rules as the command line. A plugin without a runtime part. */
export async function flowCheckHtml(): Promise<string> {
  const editor = fileURLToPath(new URL('nodes/flow-check/editor.ts', root))
  const { outputFiles } = await build({
    stdin: {
      contents: `import { install } from ${JSON.stringify(editor)}\ninstall(RED)`,
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
  const style = readFileSync(new URL('nodes/flow-check/editor.css', root), 'utf8').trim()
  return `<style>\n${style}\n</style>\n\n<script type="text/javascript">\n${code}\n</script>\n`
}
