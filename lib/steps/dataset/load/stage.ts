import { PipelineError } from '../../../errors.ts'
import { failPoint } from '../../../fail-point.ts'
import { openConnection } from '../../../stores/postgres/connection.ts'
import type { Connection, CopySink } from '../../../stores/postgres/port.ts'
import { type ColumnProfile, CsvParser, type ParserCounts } from '../parser/parser.ts'
import { type InspectedSource, type Inspection, inspect } from './inspect.ts'
import type { LoadJob } from './job.ts'
import { type LoadPlan, openContract, parserPlan, planLoad } from './plan.ts'
import { Quarantine } from './quarantine.ts'
import { quoteTable } from './registry.ts'
import { readSignatures, type SignatureReader, SignatureWriter, signaturesFromTable } from './signatures.ts'
import { copyTarget, createKey, createTable, settleRepeats } from './tables.ts'

/** A file's rows in tables of their own, checked, not yet seen by any reader. */
export interface Staged {
  plan: LoadPlan
  dialect: Inspection
  container: string
  mode: 'full' | 'delta'
  /** Full: the new table. Delta: the candidates. */
  table: string
  /** Delta: signatures that no row claimed. */
  gone: string
  counts: ParserCounts
  profile: Map<string, ColumnProfile>
  quarantine: Quarantine
  stateSha256: string
  generatedOn: string | null
}

/** Names of the tables that a load makes, announced before they exist. */
export function stagingTables(job: LoadJob): { schema: string; fresh: string; candidates: string; gone: string } {
  const [schema = '', name = ''] = job.contract.dataset.split('.')
  const stem = `${name}${job.part === '' ? '' : `_${job.part.toLowerCase().replace(/[^a-z0-9]+/g, '_')}`}`.slice(0, 44)
  const tag = job.id.slice(0, 8)
  return {
    schema: `${schema}_data`,
    fresh: `${stem}_${tag}`,
    candidates: `${stem}_${tag}_new`,
    gone: `${stem}_${tag}_gone`,
  }
}

type Report = (phase: 'load' | 'index', done: number, total: number, rows: number) => void

/** Reads the file into staging tables. Throws what inspecting, planning and parsing throw, and SQL errors. */
export async function stage(
  connection: Connection,
  job: LoadJob,
  report: Report,
  signal: AbortSignal,
  judgeParsed: (
    plan: LoadPlan,
    counts: ParserCounts,
    profile: Map<string, ColumnProfile>,
    quarantine: Quarantine,
  ) => void,
): Promise<Staged> {
  try {
    return await stageAs(connection, job, undefined, report, signal, judgeParsed)
  } catch (error) {
    if (!(error instanceof PipelineError) || error.code !== 'NOT_UTF8') throw error
    // the first megabyte was plain ASCII and what follows is not UTF-8
    return await stageAs(connection, job, 'windows-1252', report, signal, judgeParsed)
  }
}

async function stageAs(
  connection: Connection,
  job: LoadJob,
  encoding: Inspection['encoding'] | undefined,
  report: Report,
  signal: AbortSignal,
  judgeParsed: (
    plan: LoadPlan,
    counts: ParserCounts,
    profile: Map<string, ColumnProfile>,
    quarantine: Quarantine,
  ) => void,
): Promise<Staged> {
  const file = await inspect(job.file, { signal, ...(encoding ? { encoding } : {}) })
  try {
    const contract = 'columns' in job.contract ? job.contract : openContract(job.contract, file.header)
    const plan = planLoad(contract, file.header, job.keepPersonal)
    const mode = job.base !== null && job.base.fingerprint === plan.fingerprint ? 'delta' : 'full'
    const names = stagingTables(job)
    const table = quoteTable(`${names.schema}.${mode === 'full' ? names.fresh : names.candidates}`)
    const gone = quoteTable(`${names.schema}.${names.gone}`)
    await connection.query(`create schema if not exists "${names.schema}"`)

    const old = mode === 'delta' && job.base !== null ? await oldSignatures(connection, job, job.base) : undefined
    const quarantine = new Quarantine(plan, file)
    const writer = new SignatureWriter(job.newStateFile)
    let stateSha256 = ''
    const goneFile = `${job.newStateFile}.gone`
    const goneRows = new SignatureWriter(goneFile)
    try {
      await createTable(connection, table, plan, mode === 'delta')
      const parser = new CsvParser()
      const counts = await copyRowsInto(connection, copyTarget(table, plan, mode), mode, job, (sinks) =>
        parseInto(parser, sinks, plan, file, job, {
          old,
          quarantine,
          writer,
          gone: goneRows,
          report,
          signal,
          compare: mode === 'delta',
        }),
      )
      stateSha256 = writer.end()
      goneRows.end()
      if (old !== undefined && job.stateFile !== null && old.digest() !== job.base?.stateSha256) {
        throw new PipelineError('STATE_MISMATCH', 'The signatures of the last version are damaged', { retryable: true })
      }
      checkEnd(file, quarantine, plan)
      const profile = new Map(parser.profile().map((seen, index) => [plan.columns[index]?.name ?? '', seen]))
      judgeParsed(plan, counts, profile, quarantine)
      report('index', 0, counts.rows, counts.rows)
      if (mode === 'full') {
        quarantine.addRepeated(await settleRepeats(connection, table, plan, counts.flagged))
        await connection.transaction(async (tx) => {
          await tx.query(`set local maintenance_work_mem = '192MB'`)
          await createKey(tx, table, names.fresh, plan)
        })
      } else {
        await connection.query(`create unlogged table ${gone} (_kh int8 not null, _h int8 not null)`)
        await copySignatures(connection, goneFile, `${gone} (_kh, _h)`)
      }
      return {
        plan,
        dialect: file,
        container: file.source.container,
        mode,
        table,
        gone,
        counts,
        profile,
        quarantine,
        stateSha256,
        generatedOn: generatedOn(plan, file),
      }
    } catch (error) {
      if (stateSha256 === '') {
        writer.end()
        goneRows.end()
      }
      await undo(connection, [table, gone])
      throw error
    } finally {
      old?.close()
    }
  } finally {
    await file.source.close()
  }
}

/** On a server the COPY of one stream keeps one core busy while the parser needs a third of one: two streams share the work. */
const STREAMS = 2

/** Opens the COPY streams, lets `parse` fill them, and checks that the database took every row. */
async function copyRowsInto(
  connection: Connection,
  target: string,
  mode: 'full' | 'delta',
  job: LoadJob,
  parse: (sinks: readonly CopySink[]) => Promise<ParserCounts>,
): Promise<ParserCounts> {
  const others: Connection[] = []
  try {
    const streams = connection.chunkedCopy || mode === 'delta' ? 1 : STREAMS
    while (others.length < streams - 1) others.push(await openConnection(job.target))
    const sinks: CopySink[] = []
    for (const each of [connection, ...others]) sinks.push(await each.copyIn(target))
    let counts: ParserCounts
    try {
      counts = await parse(sinks)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      await Promise.allSettled(sinks.map((sink) => sink.fail(reason)))
      throw error
    }
    failPoint('copy-end')
    const ended = await Promise.allSettled(sinks.map((sink) => sink.end()))
    let written = 0
    for (const end of ended) {
      if (end.status === 'rejected') throw end.reason
      written += end.value
    }
    if (written !== counts.sent) {
      throw new PipelineError('COPY_COUNT', `The database took ${written} rows, ${counts.sent} were sent`, {
        retryable: true,
      })
    }
    return counts
  } finally {
    for (const other of others) await other.close()
  }
}

/** Drops half-made tables. A connection that is gone leaves them to the sweep. */
async function undo(connection: Connection, tables: readonly string[]): Promise<void> {
  try {
    for (const table of tables) await connection.query(`drop table if exists ${table}`)
  } catch {
    // the load's own error says more than this one
  }
}

async function oldSignatures(
  connection: Connection,
  job: LoadJob,
  base: NonNullable<LoadJob['base']>,
): Promise<SignatureReader> {
  if (job.stateFile !== null) return readSignatures(job.stateFile)
  const file = `${job.newStateFile}.old`
  await signaturesFromTable(connection, quoteTable(`${base.schema}.${base.table}`), file)
  return readSignatures(file)
}

interface Streams {
  old: SignatureReader | undefined
  quarantine: Quarantine
  writer: SignatureWriter
  gone: SignatureWriter
  report: Report
  signal: AbortSignal
  compare: boolean
}

async function parseInto(
  parser: CsvParser,
  sinks: readonly CopySink[],
  plan: LoadPlan,
  file: InspectedSource,
  job: LoadJob,
  streams: Streams,
): Promise<ParserCounts> {
  let blocks = 0
  return await parser.run(
    parserPlan(plan, file, streams.compare),
    async (into) => {
      const bytes = await file.read(into)
      if (bytes > 0) file.lastByte = into[bytes - 1] ?? 0
      return bytes
    },
    {
      block: async (bytes) => {
        blocks += 1
        await sinks[blocks % sinks.length]?.write(bytes)
        failPoint('copy')
      },
      signatures: (bytes) => streams.writer.write(bytes),
      reject: (reject) => streams.quarantine.add(reject),
      oldSignatures: (into) => streams.old?.read(into) ?? 0,
      gone: (bytes) => streams.gone.write(bytes),
      progress: (counts) => streams.report('load', file.source.consumed(), job.bytes, counts.rows),
    },
    streams.signal,
  )
}

/** A file that ends in the middle of a row was cut, whatever its announced length said. */
function checkEnd(file: InspectedSource, quarantine: Quarantine, plan: LoadPlan): void {
  if (file.lastByte === 10) return
  if (quarantine.lastIsCut) {
    throw new PipelineError(
      'FILE_TRUNCATED',
      `${plan.contract.dataset}: the file ends in the middle of a row: it was cut on its way`,
      {
        retryable: true,
      },
    )
  }
  plan.warnings.push('The last line has no line end: the file may have been cut')
}

/** Loads a signature file into a table of two int8 columns, block by block. */
async function copySignatures(connection: Connection, file: string, target: string): Promise<void> {
  const sink = await connection.copyIn(target)
  const reader = readSignatures(file)
  const block = new Uint8Array(64 * 1024)
  try {
    for (let bytes = reader.read(block); bytes > 0; bytes = reader.read(block)) {
      await sink.write(copyRows(block.subarray(0, bytes)))
    }
    await sink.end()
  } finally {
    reader.close()
  }
}

/** Signatures as binary COPY rows of two int8 columns. */
function copyRows(signatures: Uint8Array): Uint8Array {
  const count = signatures.length / 16
  const rows = new Uint8Array(count * 26)
  const from = new DataView(signatures.buffer, signatures.byteOffset, signatures.length)
  const to = new DataView(rows.buffer)
  for (let index = 0; index < count; index++) {
    const at = index * 26
    to.setInt16(at, 2)
    to.setInt32(at + 2, 8)
    to.setBigUint64(at + 6, from.getBigUint64(index * 16, true))
    to.setInt32(at + 14, 8)
    to.setBigUint64(at + 18, from.getBigUint64(index * 16 + 8, true))
  }
  return rows
}

/** The date that the file says it was made on, from its first row. */
function generatedOn(plan: LoadPlan, file: Inspection): string | null {
  const value = file.firstRow[plan.generatedField]?.trim() ?? ''
  const iso = /^(\d{4}-\d{2}-\d{2})/.exec(value)?.[1]
  const local = /^(\d{2})\/(\d{2})\/(\d{4})/.exec(value)
  return iso ?? (local ? `${local[3]}-${local[2]}-${local[1]}` : null)
}
