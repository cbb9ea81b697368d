import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join, relative, sep } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { build as esbuild } from 'esbuild'
import { languages } from './catalogue.ts'
import { editorCode } from './editor.ts'
import { helpHtml } from './help.ts'
import { nodeHtml } from './html.ts'
import { type NodeSource, nodeSources, root } from './nodes.ts'
import { notices } from './notices.ts'
import {
  flowCheckHtml,
  flowCheckPlugin,
  healthPlugin,
  historyPlugin,
  runtimePlugin,
  subflowsHtml,
  subflowsPlugin,
  writeHistory,
} from './plugin.ts'
import { subflowSources, writeSubflow } from './subflows.ts'
import { buildWasm } from './wasm.ts'

/**
 * Builds `dist/` from the sources: `node build/build.ts`. The new tree is made aside and takes the old one's place at the end, so that a
 * failed build leaves what was there. Type errors fail it.
 */
const here = fileURLToPath(root)
const dist = join(here, 'dist')
const fresh = join(here, 'node_modules', '.cache', `ysh-dist-${process.pid}`)
/** What code reads beside itself at run time. */
const data = new Set(['.json', '.sql', '.wasm'])

function typescript(...options: string[]): void {
  const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, ...options], {
    encoding: 'utf8',
    cwd: here,
  })
  if (status !== 0) throw new Error(`TypeScript:\n${stdout}${stderr}`)
}

/** TypeBox is several hundred modules, 25 MB in every process and thread; we use a few of its functions, so they are inlined. */
function inlineTypeBox(): Promise<string[]> {
  // one PipelineError in a process, or instanceof lies
  return inline(join(fresh, 'lib', 'schema.js'), ['ajv', 'ajv-formats', './errors.js'])
}

/** Makes one file each of the libraries of `lib/vendor`. */
async function inlineVendor(): Promise<string[]> {
  const folder = join(fresh, 'lib', 'vendor')
  const inputs: string[] = []
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.js'))) {
    // pg and ioredis come in by the port that we hand over, never by the library's own require
    inputs.push(...(await inline(join(folder, name), ['pg', 'ioredis'])))
  }
  return inputs
}

/** Bundles what a file imports into it; answers the files that went in. */
async function inline(file: string, external: readonly string[]): Promise<string[]> {
  const { metafile } = await esbuild({
    entryPoints: [file],
    outfile: file,
    allowOverwrite: true,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    absWorkingDir: here,
    external: [...external],
    metafile: true,
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
    logLevel: 'error',
  })
  return Object.keys(metafile.inputs)
}

/** The threads for loading, for reading pages and for PDFs: as one file each they start faster and take less memory than sixty modules. */
const workers: { name: string; conditions?: string[]; external?: string[] }[] = [
  { name: join('dataset', 'load', 'worker.js') },
  // pdf.js needs the files of its package: character maps and standard fonts
  { name: join('pdf', 'worker.js'), external: ['pdfjs-dist'] },
  // cheerio's entry for browsers leaves out its HTTP client, of which we use nothing
  { name: join('utility', 'read-worker.js'), conditions: ['browser'] },
]

async function bundleWorker({ name, conditions, external }: (typeof workers)[number]): Promise<void> {
  const file = join(fresh, 'lib', 'steps', name)
  await esbuild({
    entryPoints: [file],
    outfile: file,
    ...(conditions === undefined ? {} : { conditions }),
    absWorkingDir: here,
    allowOverwrite: true,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    external: ['pg-native', ...(external ?? [])],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
    logLevel: 'error',
  })
}

/** The editor's import dialog shows `examples/` only: the ready flows and subflows join it there. Made, not kept in the repository. */
function offerFlows(): void {
  cpSync(join(here, 'flows'), join(here, 'examples', 'Pipelines'), { recursive: true })
  cpSync(join(here, 'subflows'), join(here, 'examples', 'Subflows to edit'), { recursive: true })
}

function copyData(): void {
  const lib = join(here, 'lib')
  for (const entry of readdirSync(lib, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    const path = relative(here, file)
    if (!entry.isFile() || !data.has(extname(entry.name)) || path.split(sep).includes('assembly')) continue
    cpSync(file, join(fresh, path))
  }
}

async function writeNode(node: NodeSource): Promise<void> {
  const target = join(fresh, 'nodes', node.type)
  const source = fileURLToPath(node.folder)
  writeFileSync(join(target, `${node.type}.html`), nodeHtml(node, await editorCode(node)))
  for (const language of languages) {
    const locale = join(target, 'locales', language)
    mkdirSync(locale, { recursive: true })
    writeFileSync(
      join(locale, `${node.type}.json`),
      `${JSON.stringify(node.catalogues[language].texts, undefined, 2)}\n`,
    )
    writeFileSync(join(locale, `${node.type}.html`), helpHtml(node, language))
  }
  if (node.declaration.icon !== undefined) cpSync(join(source, 'icons'), join(target, 'icons'), { recursive: true })
}

async function writePlugin(name: string, html: Promise<string>): Promise<void> {
  const target = join(fresh, 'plugins', name)
  mkdirSync(target, { recursive: true })
  writeFileSync(join(target, `${name}.html`), await html)
}

function writeRuntimePlugin(name: string, module: string): void {
  const target = join(fresh, 'plugins', name)
  mkdirSync(target, { recursive: true })
  writeFileSync(join(target, `${name}.cjs`), runtimePlugin(module))
}

async function main(): Promise<void> {
  const started = performance.now()
  const took = () => `${((performance.now() - started) / 1_000).toFixed(1)} s`
  rmSync(fresh, { recursive: true, force: true })
  try {
    if (buildWasm()) console.log(`parser.wasm made (${took()})`)
    typescript('-p', 'tsconfig.json', '--outDir', fresh, '--noEmitOnError')
    const inlined = await Promise.all([inlineTypeBox(), inlineVendor()])
    writeFileSync(join(fresh, 'THIRD-PARTY-NOTICES.txt'), notices(here, inlined.flat()))
    await Promise.all(workers.map(bundleWorker))
    typescript('-p', 'build/tsconfig.editor.json')
    copyData()
    offerFlows()
    writeRuntimePlugin(healthPlugin, '../../nodes/health/plugin.js')
    const nodes = await nodeSources()
    const subflows = subflowSources(nodes)
    for (const subflow of subflows) writeSubflow(subflow, join(fresh, 'subflows', subflow.type))
    await Promise.all([
      ...nodes.map(writeNode),
      writeHistory(join(fresh, 'nodes', historyPlugin)),
      writePlugin(flowCheckPlugin, flowCheckHtml()),
      writePlugin(subflowsPlugin, subflowsHtml(subflows.map(({ spec }) => spec))),
    ])
    rmSync(dist, { recursive: true, force: true })
    renameSync(fresh, dist)
    console.log(`dist/ built with ${nodes.length} nodes and ${subflows.length} subflows (${took()})`)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

await main()
