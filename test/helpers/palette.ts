import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What belongs to the package is taken from its built files, where the running Node-RED has it too: one of each class. */
const fromDist: Plugin = {
  name: 'from-dist',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\..*\.ts$/ }, ({ path, importer }) => {
      const inside = relative(root, join(dirname(importer), path))
      if (!/^(lib|nodes)\//.test(inside)) return undefined
      return { path: join(root, 'dist', inside.replace(/\.ts$/, '.js')), external: true }
    })
  },
}

/**
 * Makes a package of a test's own nodes in a folder, for a user folder of Node-RED to link to. `files`: a TypeScript file for each type,
 * named like it. The package itself must be built.
 */
export async function buildPalette(folder: string, name: string, files: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  await build({
    entryPoints: [...files],
    outdir: folder,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    plugins: [fromDist],
    logLevel: 'error',
  })
  const types = files.map((file) => basename(file, '.ts'))
  for (const type of types) {
    await writeFile(join(folder, `${type}.html`), `<script type="text/html" data-template-name="${type}"></script>\n`)
  }
  const nodes = Object.fromEntries(types.map((type) => [type, `${type}.js`]))
  const manifest = { name, version: '0.0.1', type: 'module', 'node-red': { nodes } }
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
}
