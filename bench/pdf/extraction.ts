import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parser, Type } from '../../lib/schema.ts'
import { type PageTables, pageTables, parametersOf } from '../../lib/steps/pdf/parameters/extract.ts'
import { openDocument } from '../../lib/steps/pdf/read/document.ts'
import { readPages } from '../../lib/steps/pdf/read/pages.ts'
import { joinTables } from '../../lib/steps/pdf/tables/join.ts'
import { samples } from './files.ts'
import { generatedDocuments } from './generate/documents.ts'
import { add, noScore, precision, recall, type Score, scoreRecords, scoreTables } from './score.ts'

/** The score of one kind of content in one document. */
export interface Line {
  kind: 'parameters' | 'tables'
  /** Where the document comes from. */
  set: 'samples' | 'generated' | 'generated, held out'
  name: string
  score: Score
}

const truths = parser(
  Type.Object({
    file: Type.String(),
    records: Type.Optional(
      Type.Array(
        Type.Object({
          model: Type.String(),
          condition: Type.String(),
          parameters: Type.Record(
            Type.String(),
            Type.Object({
              value: Type.Optional(Type.String()),
              unit: Type.Optional(Type.String()),
              num: Type.Optional(Type.Union([Type.Number(), Type.Array(Type.Number())])),
            }),
          ),
        }),
      ),
    ),
    tables: Type.Optional(
      Type.Array(Type.Object({ columns: Type.Array(Type.String()), rows: Type.Array(Type.Array(Type.String())) })),
    ),
  }),
  'truth',
)

/** Pages and tables of a document. */
export async function pagesOf(bytes: Uint8Array): Promise<PageTables[]> {
  const document = await openDocument(bytes)
  const pages: PageTables[] = []
  for await (const result of readPages(document)) {
    if ('page' in result) pages.push(pageTables(result.page))
  }
  await document.close()
  return pages
}

/** Files of which nothing may be made: outlines, and numbers whose labels are outlines. */
const silent = ['module-ja-jam72d40-595.pdf', 'module-CSUN265-60P-datasheet.pdf']

/** Scores tables and parameters against real files with their truth in a folder (none where it is missing), and generated documents. */
export async function scoreQuality(folder: string): Promise<Line[]> {
  const lines: Line[] = []
  const truthFolder = join(folder, 'truth')
  for (const file of existsSync(truthFolder)
    ? readdirSync(truthFolder).filter((name) => !name.endsWith('.formulas.json'))
    : []) {
    const truth = truths.parse(JSON.parse(readFileSync(join(truthFolder, file), 'utf8')))
    const pages = await pagesOf(new Uint8Array(readFileSync(join(folder, truth.file))))
    if (truth.records) {
      lines.push({
        kind: 'parameters',
        set: 'samples',
        name: truth.file,
        score: scoreRecords(truth.records, parametersOf(pages).records),
      })
    }
    if (truth.tables) {
      const expected = truth.tables.map((table) => ({ columns: table.columns.length, rows: table.rows }))
      lines.push({
        kind: 'tables',
        set: 'samples',
        name: truth.file,
        score: scoreTables(expected, joinTables(pages.map((page) => page.tables))),
      })
    }
  }
  for (const name of silent.filter((file) => existsSync(join(folder, file)))) {
    const pages = await pagesOf(new Uint8Array(readFileSync(join(folder, name))))
    lines.push({ kind: 'parameters', set: 'samples', name, score: scoreRecords([], parametersOf(pages).records) })
  }
  for await (const { name, heldOut, content } of generatedDocuments()) {
    const pages = await pagesOf(content.bytes)
    const set = heldOut ? 'generated, held out' : 'generated'
    if (content.records)
      lines.push({ kind: 'parameters', set, name, score: scoreRecords(content.records, parametersOf(pages).records) })
    if (content.tables)
      lines.push({
        kind: 'tables',
        set,
        name,
        score: scoreTables(content.tables, joinTables(pages.map((page) => page.tables))),
      })
  }
  return lines
}

/** The scores as text: per kind and set, per file, and failures by name. */
export function report(lines: readonly Line[], failures = 4): string {
  const out: string[] = []
  const shown = (score: Score) =>
    `precision ${precision(score).toFixed(3)}  recall ${recall(score).toFixed(3)}  (${score.right} right, ${score.missed} missed, ${score.wrong} wrong)`
  for (const kind of ['parameters', 'tables'] as const) {
    for (const set of ['samples', 'generated', 'generated, held out'] as const) {
      const own = lines.filter((line) => line.kind === kind && line.set === set)
      if (own.length === 0) continue
      const total = noScore()
      for (const line of own) add(total, line.score)
      out.push(`${kind}, ${set}: ${shown(total)}`)
      for (const line of own) {
        out.push(`  ${basename(line.name)}: ${shown(line.score)}`)
        out.push(...line.score.failures.slice(0, failures).map((failure) => `    ${failure}`))
        if (line.score.failures.length > failures) out.push(`    and ${line.score.failures.length - failures} more`)
      }
    }
  }
  return out.join('\n')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(report(await scoreQuality(process.argv[2] ?? samples), Number(process.argv[3] ?? 4)))
}
