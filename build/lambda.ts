import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32, deflateRawSync } from 'node:zlib'
import { build as esbuild, type Plugin } from 'esbuild'
import { root } from './nodes.ts'

/**
 * Makes `dist-lambda/`: the step runtime and the data API as AWS Lambda takes them, and `steps.zip` of it. From `dist/`, which must be
 * built: `node build/lambda.ts [FOLDER]`. It is no part of the npm package. What modules read beside themselves lies under the same paths in it.
 */
const here = fileURLToPath(root)
const dist = join(here, 'dist')
const target = resolve(process.argv[2] ?? join(here, 'dist-lambda'))
const out = join(target, 'steps')
const zip = join(target, 'steps.zip')
const lambdaLimit = 250 * 1024 * 1024

/** Lambda's own (the AWS SDK), what a function has no use for, what lies beside the code, and what loads only if it is there. */
const external = [
  ...['@aws-sdk/*', '@smithy/*', 'pg-native', '@electric-sql/pglite', '@electric-sql/pglite-pgvector'],
  ...['pdfjs-dist', '@napi-rs/canvas', 'tesseract.js', '@tesseract.js-data/por', '@duckdb/node-api'],
]
/** Threads and children, each one file: loaded by the first call that wants them. */
const threads = [
  'lib/steps/dataset/load/worker.js',
  'lib/steps/utility/read-worker.js',
  'lib/steps/pdf/worker.js',
  'lib/steps/pdf/formulas/crop-worker.js',
  'lib/steps/pdf/ocr/child.js',
  'lib/api/formats/parquet-worker.js',
]
const data = new Set(['.json', '.sql', '.wasm'])

/**
 * pdf.js reads fonts and character maps out of its package's folder, so it lies in the zip as it is. Its code is its own smaller build, under the
 * names that are asked for; the decoders of pictures are for drawing, should somebody add @napi-rs/canvas.
 */
function bringPdfJs(): void {
  const from = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'))
  const to = join(out, 'node_modules', 'pdfjs-dist')
  for (const name of ['package.json', 'LICENSE', 'cmaps', 'standard_fonts'])
    cpSync(join(from, name), join(to, name), { recursive: true })
  for (const name of ['pdf', 'pdf.worker'])
    cpSync(join(from, 'legacy', 'build', `${name}.min.mjs`), join(to, 'legacy', 'build', `${name}.mjs`))
  const decoders = /^LICENSE|^(jbig2|openjpeg|qcms_bg)\.wasm$/
  for (const name of readdirSync(join(from, 'wasm')).filter((one) => decoders.test(one)))
    cpSync(join(from, 'wasm', name), join(to, 'wasm', name))
}

/** In a bundle `import.meta.url` would be the bundle's: each module keeps the place that it had. */
const places: Plugin = {
  name: 'places',
  setup(build) {
    build.onLoad({ filter: /\.js$/ }, ({ path }) => {
      const place = relative(dist, path).split(sep).join('/')
      if (place.startsWith('..')) return undefined
      const text = readFileSync(path, 'utf8')
      if (!text.includes('import.meta.url')) return undefined
      return {
        contents: text.replaceAll('import.meta.url', `new URL(${JSON.stringify(`./${place}`)}, import.meta.url).href`),
        loader: 'js',
      }
    })
  },
}

async function main(): Promise<void> {
  if (!existsSync(join(dist, 'lib'))) throw new Error('dist/ is not built: npm run build')
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  const common = {
    ...({ bundle: true, format: 'esm', platform: 'node', target: 'node24', external, absWorkingDir: here } as const),
    ...({
      minifySyntax: true,
      minifyWhitespace: true,
      keepNames: true,
      logLevel: 'error',
      legalComments: 'none',
    } as const),
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
  }
  await esbuild({
    ...common,
    entryPoints: { index: join(dist, 'lambda', 'index.js') },
    ...{ outdir: out, outExtension: { '.js': '.mjs' }, splitting: true, chunkNames: 'chunk-[hash]' },
    plugins: [places],
  })
  for (const thread of threads)
    await esbuild({ ...common, entryPoints: [join(dist, thread)], outfile: join(out, thread) })
  for (const entry of readdirSync(join(dist, 'lib'), { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    if (!entry.isFile() || !data.has(extname(entry.name))) continue
    cpSync(file, join(out, relative(dist, file)))
  }
  bringPdfJs()
  const { name, version }: { name: string; version: string } = JSON.parse(
    readFileSync(join(here, 'package.json'), 'utf8'),
  )
  writeFileSync(join(out, 'package.json'), `${JSON.stringify({ name, version, type: 'module' })}\n`)
  cpSync(join(dist, 'THIRD-PARTY-NOTICES.txt'), join(out, 'THIRD-PARTY-NOTICES.txt'))
  const files = readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0)
  if (bytes > lambdaLimit) throw new Error(`${bytes} bytes are more than Lambda takes`)
  mkdirSync(dirname(zip), { recursive: true })
  writeFileSync(zip, zipped(files.map((file) => [relative(out, file).split(sep).join('/'), readFileSync(file)])))
  const sha256 = createHash('sha256').update(readFileSync(zip)).digest('hex')
  console.log(`${relative(here, zip)}: ${statSync(zip).size} bytes, ${bytes} unpacked, sha256 ${sha256}`)
}

/** A zip whose bytes depend on the files alone: no times, sorted names. */
function zipped(files: readonly (readonly [name: string, content: Buffer])[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, content] of files) {
    const packed = deflateRawSync(content, { level: 9 })
    const text = Buffer.from(name)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(0x0800, 2) // names are UTF-8
    common.writeUInt16LE(8, 4)
    common.writeUInt16LE(0, 6)
    common.writeUInt16LE(0x21, 8) // 1980-01-01, the first day that zip knows
    common.writeUInt32LE(crc32(content), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(content.length, 18)
    common.writeUInt16LE(text.length, 22)
    const head = Buffer.concat([Buffer.from('504b0304', 'hex'), common, text])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE((0o100644 << 16) >>> 0, 6)
    rest.writeUInt32LE(offset, 10)
    directory.push(Buffer.from('504b01021403', 'hex'), common, rest, text)
    parts.push(head, packed)
    offset += head.length + packed.length
  }
  const entries = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(entries.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, entries, end])
}

await main()
