import { copyFile, writeFile } from 'node:fs/promises'
import type { Content, PackageEntry, ResourceEntry } from '../catalogue/index.ts'
import { textSource } from '../catalogue/text.ts'
import {
  countRows,
  type DatasetName,
  type Dialect,
  type FileOptions,
  PORTAL,
  publicationDay,
  type Source,
  source,
  write,
} from '../generate/index.ts'
import { seedOf } from '../generate/random.ts'
import { PARQUET_ROWS, pdf, writeParquet, writeXml } from './formats.ts'
import { type Sample, sampleSource } from './samples.ts'
import type { FileStore, StoredFile } from './store.ts'
import { type Variant, writeVariant } from './variant.ts'

/** How the files of a dataset are made; `publication` and `part` are the holding's to say. */
export type Sizes = (dataset: DatasetName) => Omit<FileOptions, 'publication' | 'part'>

/** The bytes of a resource, in one publication. */
interface Edition {
  /** Rows, or -1 when unknown. */
  rows: number
  day: string
  /** Names the file among all of the portal's. */
  key: string
  dialect: Dialect
  source: () => Source
  make: (path: string) => Promise<void>
}

/** Why a resource has no file here. */
export class NoFile extends Error {}

/** A resource of the portal together with its bytes in every publication. */
export class Holding {
  readonly package: PackageEntry
  readonly resource: ResourceEntry
  /** The dataset its rows are of; none for PDFs and packages without a contract. */
  readonly dataset: DatasetName | undefined
  readonly #store: FileStore
  readonly #sizes: Sizes
  readonly #samples: readonly Sample[]

  /** `samples` are the real files to serve instead of generated ones, in order of date. */
  constructor(
    entry: PackageEntry,
    resource: ResourceEntry,
    store: FileStore,
    sizes: Sizes,
    samples: readonly Sample[],
  ) {
    this.package = entry
    this.resource = resource
    this.dataset = 'dataset' in resource.content ? resource.content.dataset : undefined
    this.#store = store
    this.#sizes = sizes
    this.#samples = samples
  }

  /** Where the bytes come from. */
  get origin(): 'sample' | 'generated' {
    return this.#samples.length > 0 ? 'sample' : 'generated'
  }

  /** Number of rows in a publication, -1 when unknown. */
  rows(publication: number): number {
    return this.#edition(publication).rows
  }

  /** The rows of a publication. */
  source(publication: number): Source {
    return this.#edition(publication).source()
  }

  dialect(publication: number): Dialect {
    return this.#edition(publication).dialect
  }

  /** When the file of a publication was written: naive UTC with microseconds, as CKAN prints it. */
  modified(publication: number, variant?: Variant): string {
    const fixed = this.resource.modified
    if (fixed !== undefined && variant === undefined) return fixed
    const { day } = this.#edition(publication)
    const h = seedOf(this.resource.id + day)
    // The files of a portal are written one after the other, between five and six in the morning.
    const late = variant === undefined ? 0 : 1 + (seedOf(JSON.stringify(variant)) % 600)
    const second = (seedOf(this.package.id) % 1200) + this.package.resources.indexOf(this.resource) * 79 + late
    const clock = [5, Math.floor(second / 60) % 60, second % 60].map((part) => String(part).padStart(2, '0')).join(':')
    return `${day}T${clock}.${String(h % 1_000_000).padStart(6, '0')}`
  }

  /** The file of a publication, made at the first call; with `variant`, one that was published wrong. */
  async file(publication: number, variant?: Variant): Promise<StoredFile> {
    const edition = this.#edition(publication)
    if (variant === undefined) return await this.#store.get(edition.key, edition.make)
    const recipe = { source: edition.source(), dialect: edition.dialect, entry: this.#entry() }
    const key = `${edition.key} ${JSON.stringify(variant)}`
    return await this.#store.get(key, (path) => writeVariant(path, recipe, variant))
  }

  /** Whether the good file of a publication is there already. */
  ready(publication: number): boolean {
    return this.#store.has(this.#edition(publication).key)
  }

  #entry(): string {
    return this.resource.file.replace(/\.[a-z]+$/, '.csv')
  }

  #edition(publication: number): Edition {
    const { content } = this.resource
    // The stale twin of SIGA stays with the oldest of the real files.
    const stale = 'part' in content && content.part === 'mensal'
    const index = stale ? 0 : Math.min(Math.max(publication, 0), this.#samples.length - 1)
    const sample = this.#samples[index]
    if (sample !== undefined) return this.#sampled(sample, content)
    switch (content.kind) {
      case 'pdf':
        return this.#fixed(
          (path) => writeFile(path, pdf(content.title)),
          PORTAL,
          () => {
            throw new NoFile('a PDF has no rows')
          },
          0,
        )
      case 'text': {
        const day = this.resource.modified?.slice(0, 10) ?? '2026-09-01'
        const rows = () => textSource(this.resource.id, content.columns, content.rows, day)
        const dialect = { ...PORTAL, ...content.dialect }
        return this.#fixed((path) => this.#write(path, rows(), dialect), dialect, rows, content.rows)
      }
      default:
        return this.#generated(content, publication)
    }
  }

  #fixed(make: Edition['make'], dialect: Dialect, rows: () => Source, count: number): Edition {
    const day = this.resource.modified?.slice(0, 10) ?? '2026-09-01'
    return { rows: count, day, key: this.resource.id, dialect, source: rows, make }
  }

  #generated(content: Extract<Content, { dataset: DatasetName }>, publication: number): Edition {
    const options: FileOptions = { ...this.#sizes(content.dataset), publication, part: content.part }
    const make = () => source(content.dataset, options)
    const dialect = content.kind === 'csv' ? { ...PORTAL, ...content.dialect } : PORTAL
    const count = countRows(content.dataset, options)
    return {
      rows: count,
      day: publicationDay(content.dataset, options),
      key: `${this.resource.id} ${JSON.stringify(options)}`,
      dialect,
      source: make,
      make: (path) => this.#make(path, content.kind, make, dialect, count),
    }
  }

  #sampled(sample: Sample, content: Content): Edition {
    const rows = () => sampleSource(sample)
    return {
      rows: sample.rows,
      day: sample.date,
      key: `${this.resource.id} ${sample.path}`,
      dialect: sample.dialect,
      source: rows,
      make: (path) =>
        content.kind === 'csv'
          ? copyFile(sample.path, path)
          : this.#make(path, content.kind, rows, PORTAL, sample.rows),
    }
  }

  async #make(path: string, kind: Content['kind'], rows: () => Source, dialect: Dialect, count: number): Promise<void> {
    if (kind === 'xml') await writeXml(path, rows())
    else if (kind !== 'parquet') await this.#write(path, rows(), dialect)
    else if (count <= PARQUET_ROWS) await writeParquet(path, rows())
    else throw new NoFile(`this replica makes Parquet of at most ${PARQUET_ROWS} rows, and this has ${count}`)
  }

  async #write(path: string, rows: Source, dialect: Dialect): Promise<void> {
    await write(path, rows, { dialect, entry: this.#entry() })
  }
}
