import { parser, Type } from '../../../schema.ts'
import type { PostgresStore } from '../../../stores/postgres/port.ts'
import { preparing } from '../../../stores/postgres/prepare.ts'
import type { Clock } from '../../step.ts'
import { datasetMigrations } from '../load/migrations.ts'
import { describeDataset, listDatasets, oldest } from './describe.ts'
import type { Described, Head } from './port.ts'

/** Brings the tables of datasets up to date, once for each store. */
export const prepareDatasets = preparing(datasetMigrations)

/** What a process knows of the datasets it reads: at most so many of them, each described once until it is published anew. */
export class DatasetReader {
  readonly db: PostgresStore
  readonly clock: Clock
  readonly #most: number
  readonly #known = new Map<string, Promise<Described>>()

  constructor(db: PostgresStore, clock: Clock, { most = 200 }: { most?: number } = {}) {
    this.db = db
    this.clock = clock
    this.#most = most
  }

  /** What is known of a dataset, which may be out of date: for those who prove it with their rows. Throws what {@link describeDataset} throws. */
  async known(dataset: string): Promise<Described> {
    const held = this.#known.get(dataset)
    if (held !== undefined) {
      // the one that nobody has asked for in the longest time is the first
      this.#known.delete(dataset)
      this.#known.set(dataset, held)
      return await held
    }
    await prepareDatasets(this.db)
    const asked = this.#known.get(dataset) ?? describeDataset(this.db, dataset)
    this.#known.set(dataset, asked)
    for (const [first] of this.#known) {
      if (this.#known.size <= this.#most) break
      this.#known.delete(first)
    }
    try {
      return await asked
    } catch (error) {
      if (this.#known.get(dataset) === asked) this.#known.delete(dataset)
      throw error
    }
  }

  /** What is served of a dataset now; one small look where it is known. Throws what {@link describeDataset} throws. */
  async current(dataset: string): Promise<Described> {
    const { described, retrievedAt } = await this.#look(await this.known(dataset))
    return described === undefined ? await this.known(dataset) : { ...described, retrievedAt }
  }

  /** Whether what was known is no longer so; then it is forgotten. */
  async outdated(described: Described): Promise<boolean> {
    return (await this.#look(described)).described === undefined
  }

  /** Forgets what turned out to be out of date, unless somebody has described it anew. */
  async forget(described: Described): Promise<void> {
    const held = this.#known.get(described.dataset)
    if (held === undefined || (await held.catch(() => described)) !== described) return
    if (this.#known.get(described.dataset) === held) this.#known.delete(described.dataset)
  }

  /** Every dataset that has a version here. */
  async list(): Promise<Head[]> {
    await prepareDatasets(this.db)
    return await listDatasets(this.db)
  }

  async #look(known: Described): Promise<{ described: Described | undefined; retrievedAt: string }> {
    const values: unknown[] = []
    const { rows } = await this.db.query<Proof>(`select * from ${proofSql(known, values)}`, values)
    const proof = rows[0]
    if (proof !== undefined && proves(proof, known)) return { described: known, retrievedAt: retrievedAt(proof, known) }
    await this.forget(known)
    return { described: undefined, retrievedAt: '' }
  }
}

const looks = parser(Type.Record(Type.String(), Type.String()), 'The last looks at a source')

/** What comes with rows and shows whether they are of the versions that are known. */
export type Proof = Record<string, unknown> & {
  _publications: string | null
  /** JSON: instants by part; as text, for it stands beside every row. */
  _checked: string | null
}

/** The one row of a {@link Proof}, none where nothing is held: a source for `from`. */
export function proofSql({ dataset }: Described, values: unknown[]): string {
  const of = `$${values.push(dataset)}::text`
  return `(select publications as _publications, checked::text as _checked from pipeline.dataset where dataset = ${of}) proof`
}

/** Whether the description is that of the moment of the proof. */
export function proves(proof: Proof, { publications }: Described): boolean {
  return Number(proof._publications ?? 0) === publications
}

/** When the source was last looked at, by the proof; see {@link Described}. A part that was never looked at without error counts from its publication. */
export function retrievedAt({ _checked }: Proof, described: Described): string {
  if (described.asOf !== null) return described.retrievedAt
  const checked = looks.parse(JSON.parse(_checked ?? '{}'))
  return oldest(described.parts.map(({ part, publishedAt }) => checked[part] ?? publishedAt))
}
