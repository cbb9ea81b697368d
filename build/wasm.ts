import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { root } from './nodes.ts'

const folder = new URL('lib/steps/dataset/parser/', root)
const sources = new URL('assembly/', folder)
const target = new URL('parser.wasm', folder)

/**
 * Compiles the byte parser from AssemblyScript, `assembly/index.ts`, beside its TypeScript part. True when it had to be made: its sources
 * or the compiler are newer. Throws with the compiler's words when they do not compile.
 */
export function buildWasm(): boolean {
  const entry = new URL('index.ts', sources)
  if (!existsSync(entry)) return false
  const compiler = createRequire(import.meta.url).resolve('assemblyscript/bin/asc.js')
  const newest = Math.max(
    statSync(compiler).mtimeMs,
    ...readdirSync(sources, { recursive: true }).map((name) => statSync(new URL(String(name), sources)).mtimeMs),
  )
  if (existsSync(target) && statSync(target).mtimeMs >= newest) return false
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd']
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [compiler, fileURLToPath(entry), '--outFile', fileURLToPath(target), ...options],
    { encoding: 'utf8', cwd: fileURLToPath(root) },
  )
  if (status !== 0) throw new Error(`The parser does not compile:\n${stdout}${stderr}`)
  return true
}

if (import.meta.main) console.log(buildWasm() ? 'parser.wasm made' : 'parser.wasm is up to date')
