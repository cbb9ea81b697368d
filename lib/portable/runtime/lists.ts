import { createHash } from 'node:crypto'
import { PipelineError } from '../../errors.ts'
import { isRecord } from '../../flow-check/node.ts'
import { type Infer, parser, Type } from '../../schema.ts'
import { openS3Objects, type S3ObjectsOptions } from '../../stores/objects/s3.ts'
import { errorNames, type State } from '../call.ts'

/** Where the list of a distributed map lies, as the state machine reads it. */
export type ListPlace = NonNullable<State['itemsAt']>
type ListItem = NonNullable<State['items']>[number]

/** The lists of distributed maps, in a bucket that the engine reads and writes, too. */
export interface Lists {
  /** Writes the items of a map of a run; again under the same key. Throws what the object store throws. */
  write(of: { run: string; item: string; map: string }, items: ListItem[], signal: AbortSignal): Promise<ListPlace>
  /**
   * How each item of the list ended, in the order of the list: its state, or one with `caught` where its execution failed or is missing. Throws
   * EACH_RESULTS, and what the object store throws.
   */
  ends(place: ListPlace, results: unknown, signal: AbortSignal): Promise<unknown[]>
  close(): Promise<void>
}

/** What `ResultWriter` leaves as the result of a map. */
const WrittenSchema = Type.Object({ ResultWriterDetails: Type.Object({ Bucket: Type.String(), Key: Type.String() }) })
const FileSchema = Type.Object({ Key: Type.String(), Size: Type.Optional(Type.Integer()) })
const FilesSchema = Type.Optional(Type.Array(FileSchema))
/** `manifest.json`: files by what became of the executions that they tell of. */
const ManifestSchema = Type.Object({
  ResultFiles: Type.Object({ SUCCEEDED: FilesSchema, FAILED: FilesSchema, PENDING: FilesSchema }),
})
/** An execution in such a file. Input and output are texts of JSON. */
const ExecutionSchema = Type.Object({
  Input: Type.Optional(Type.String()),
  Output: Type.Optional(Type.String()),
  Status: Type.Optional(Type.String()),
  Error: Type.Optional(Type.String()),
  Cause: Type.Optional(Type.String()),
})
const ListSchema = Type.Array(Type.Object({ run: Type.Object({ item: Type.String() }) }))
const writtens = parser(WrittenSchema, 'The result of a distributed map', 'EACH_RESULTS')
const manifests = parser(ManifestSchema, 'The manifest of a distributed map', 'EACH_RESULTS')
const executions = parser(Type.Array(ExecutionSchema), 'A file of results of a distributed map', 'EACH_RESULTS')
const lists = parser(ListSchema, 'The list of a distributed map', 'EACH_RESULTS')

/** A file of results is read as a whole. The function's memory is the bound, and a state per item is small. */
const mostBytes = 256 * 1_048_576

/** Opens the bucket of the lists; `prefix` stands before their keys. */
export async function openLists({ prefix = '', ...options }: S3ObjectsOptions): Promise<Lists> {
  const objects = await openS3Objects(options)
  const { bucket } = options
  const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`

  async function json(key: string, signal: AbortSignal): Promise<unknown> {
    const { info, body } = await objects.get(key, { signal })
    if (info.bytes > mostBytes) {
      body.destroy()
      throw new PipelineError('EACH_RESULTS', `${key} has ${info.bytes} bytes, at most ${mostBytes} are read`)
    }
    const parts: Buffer[] = []
    for await (const part of body) parts.push(Buffer.from(part))
    try {
      return JSON.parse(Buffer.concat(parts).toString('utf8'))
    } catch (cause) {
      throw new PipelineError('EACH_RESULTS', `${key} is no JSON`, { cause })
    }
  }

  /** By path of the item. */
  async function told(results: unknown, signal: AbortSignal): Promise<Map<string, unknown>> {
    const { Bucket, Key } = writtens.parse(results).ResultWriterDetails
    if (Bucket !== bucket)
      throw new PipelineError('EACH_RESULTS', `The results lie in the bucket ${Bucket}, the list in ${bucket}`)
    const { SUCCEEDED = [], FAILED = [], PENDING = [] } = manifests.parse(await json(Key, signal)).ResultFiles
    const found = new Map<string, unknown>()
    for (const file of [...SUCCEEDED, ...FAILED, ...PENDING]) {
      for (const execution of executions.parse(await json(file.Key, signal))) {
        const path = pathIn(parsed(execution.Input))
        if (path !== undefined) found.set(path, endOf(execution))
      }
    }
    return found
  }

  return {
    async write({ run, item, map }, items, signal) {
      // The same list of the same run: a second call writes what is there.
      const name = createHash('sha256')
        .update(JSON.stringify([map, item]))
        .digest('hex')
        .slice(0, 32)
      const key = `${folder}lists/${run}/${name}.json`
      await objects.put(key, Buffer.from(JSON.stringify(items)), { contentType: 'application/json', signal })
      return { bucket, key }
    },
    async ends({ bucket: of, key }, results, signal) {
      if (of !== bucket) throw new PipelineError('EACH_RESULTS', `The list lies in the bucket ${of}, not in ${bucket}`)
      const items = lists.parse(await json(key, signal))
      const ended = await told(results, signal)
      return items.map(({ run }) => ended.get(run.item) ?? lost(run.item, 'MapItemLost', 'No result of it was written'))
    },
    close: () => objects.close(),
  }
}

/** What is behind a text of JSON; undefined where there is none. */
function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

function pathIn(state: unknown): string | undefined {
  return isRecord(state) && isRecord(state.run) && typeof state.run.item === 'string' ? state.run.item : undefined
}

function endOf({ Input, Output, Status, Error: name, Cause }: Infer<typeof ExecutionSchema>): unknown {
  const output = parsed(Output)
  if (isRecord(output)) return output
  return lost(
    pathIn(parsed(Input)) ?? '',
    name ?? errorNames.permanent,
    Cause ?? `Its execution is ${Status ?? 'gone'}`,
  )
}

const lost = (item: string, name: string, cause: string) => ({
  ...{ run: { item }, message: {} },
  caught: { Error: name, Cause: cause },
})
