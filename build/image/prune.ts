/** What the image does without: a name, and which files of a package of node_modules. */
interface Rule {
  name: string
  /** Name of the package; every package when left out. */
  of?: string
  files: RegExp
}

/** Nothing that is loaded at run time: the test of the image starts what is left, and looks for what its modules import. */
const rules: readonly Rule[] = [
  { name: 'source maps', files: /\.map$/ },
  { name: 'types', files: /\.d\.[cm]?ts$/ },
  { name: 'types', of: '@types/*', files: /./ },
  { name: 'sources in TypeScript', files: /(?<!\.d)\.[cm]?tsx?$/ },
  {
    name: 'read-me files and change logs',
    files: /^(readme|changelog|changes|history|contributing|code_of_conduct|security)(\.\w+)?\.?(md|markdown|txt)?$/i,
  },
  { name: 'tests of packages', files: /^(tests?|__tests__|spec|coverage|\.github|benchmarks?)\// },
  {
    name: 'pdf.js for browsers',
    of: 'pdfjs-dist',
    files: /^(build|web|image_decoders|types|legacy\/(web|image_decoders))\//,
  },
  { name: 'pdf.js for browsers', of: 'pdfjs-dist', files: /\.(min|sandbox)\.mjs$/ },
  { name: 'extensions of PGlite that no store uses', of: '@electric-sql/pglite', files: /^dist\/[^/]+\.tar\.gz$/ },
]

/**
 * Why a file of a package is left out; undefined for one that is needed. `path` is where the package lies. Licences always stay.
 */
export function whyPruned(path: string, file: string): string | undefined {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
  // Node-RED looks where npm is, and calls it only to install nodes
  if (`${path}/`.startsWith('node_modules/npm/')) {
    return path === 'node_modules/npm' && file === 'package.json'
      ? undefined
      : 'npm: the settings let nobody install nodes'
  }
  if (/^(licen[cs]e|copying|notice)/i.test(file.slice(file.lastIndexOf('/') + 1))) return undefined
  return rules.find(({ of, files }) => isOf(name, of) && files.test(file))?.name
}

function isOf(name: string, of: string | undefined): boolean {
  if (of === undefined) return true
  return of.endsWith('/*') ? name.startsWith(of.slice(0, -1)) : name === of
}
