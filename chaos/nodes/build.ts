import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))
const here = fileURLToPath(new URL('.', import.meta.url))
/** The test's own node types. */
const types = ['ysh-chaos-pure', 'ysh-chaos-effect'] as const

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

/** Makes the package of the test's nodes in a folder, for a user folder to link to. The main package must be built. */
export async function buildChaosNodes(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await build({
    entryPoints: types.map((type) => join(here, `${type}.ts`)),
    outdir: folder,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    plugins: [fromDist],
    logLevel: 'error',
  })
  for (const type of types) {
    await writeFile(join(folder, `${type}.html`), `<script type="text/html" data-template-name="${type}"></script>\n`)
  }
  const nodes = Object.fromEntries(types.map((type) => [type, `${type}.js`]))
  const manifest = { name: chaosPackage, version: '0.0.1', type: 'module', 'node-red': { nodes } }
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
}

/** The name of the package of the test's nodes. */
export const chaosPackage = 'node-red-chaos'
