import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { isRecord, recordsOf, textOf } from '../../lib/flow-check/node.ts'

type States = Record<string, Record<string, unknown>>
type Handler = (input: unknown) => Promise<unknown>

/** What stands for a definition's distributed maps in an executor that knows none. */
export interface Undistributed {
  definition: Record<string, unknown>
  /** For the tasks that read and write in the service's place. */
  handlers: Record<string, Handler>
}

/**
 * A definition whose distributed maps do as Step Functions' do: a task reads the list from S3 as `ItemReader` says, the items run inline, and a
 * task writes `manifest.json` and the file of results as `ResultWriter` says. The order of results is not that of the list, on AWS as here.
 */
export function undistributed(definition: unknown, s3: S3Client): Undistributed {
  const handlers: Record<string, Handler> = {}
  const copy: unknown = JSON.parse(JSON.stringify(definition))
  if (!isRecord(copy)) throw new Error('no definition')
  change(copy)
  return { definition: copy, handlers }

  function change(part: Record<string, unknown>): void {
    if (!isRecord(part.States)) return
    const made: States = {}
    for (const [name, state] of Object.entries(part.States)) {
      if (!isRecord(state)) continue
      for (const inner of [state.ItemProcessor, ...(Array.isArray(state.Branches) ? state.Branches : [])])
        if (isRecord(inner)) change(inner)
      if (state.ItemReader === undefined) made[name] = state
      else Object.assign(made, aroundMap(name, state))
    }
    part.States = made
  }

  function aroundMap(name: string, { ItemReader, ResultWriter, Label: _, ...map }: Record<string, unknown>): States {
    const [run, write] = [`${name} run`, `${name} write`]
    const { ToleratedFailurePercentage: __, Next, ...rest } = map
    handlers[name] = (input) => read(ItemReader, input)
    handlers[write] = (input) => written(ResultWriter, input)
    const task = { Type: 'Task', Resource: 'arn:aws:lambda:us-east-1:000000000000:function:service' }
    const processor = isRecord(rest.ItemProcessor) ? rest.ItemProcessor : {}
    const inline = { ...processor, ProcessorConfig: { Mode: 'INLINE' } }
    return {
      [name]: { ...task, ResultPath: '$.items', Next: run },
      [run]: { ...rest, ItemsPath: '$.items', ItemProcessor: inline, Next: write },
      [write]: { ...task, Next },
    }
  }

  async function read(reader: unknown, input: unknown): Promise<unknown> {
    const { Bucket, Key } = parametersOf(reader, input)
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
    const items: unknown = JSON.parse((await Body?.transformToString()) ?? '')
    if (!Array.isArray(items)) throw new Error('States.ItemReaderFailed')
    return items
  }

  async function written(writer: unknown, input: unknown): Promise<unknown> {
    if (!isRecord(input)) throw new Error('no state')
    const { items, results, ...state } = input
    const { Bucket = '', Prefix = '' } = parametersOf(writer, input)
    const folder = `${Prefix}/3f0e44e2-1a4a-4f0e-9c53-08d6c1d7a9b5`
    const put = (Key: string, value: unknown) =>
      s3.send(new PutObjectCommand({ Bucket, Key, Body: JSON.stringify(value) }))
    const outputs = recordsOf(results)
    const done = recordsOf(items).map((item, at) => ({
      ExecutionArn: `arn:aws:states:us-east-1:000000000000:execution:machine/Map:${at}`,
      Input: JSON.stringify({
        ...state,
        run: merged(state.run, item.run),
        message: merged(state.message, item.message),
      }),
      InputDetails: { Included: true },
      Name: String(at),
      Output: JSON.stringify(outputs[at]),
      OutputDetails: { Included: true },
      ...{ RedriveCount: 0, RedriveStatus: 'NOT_REDRIVABLE', Status: 'SUCCEEDED' },
      StateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:machine/Map',
    }))
    const half = Math.floor(done.length / 2)
    const files = []
    for (const [at, part] of [done.slice(half).reverse(), done.slice(0, half)].entries()) {
      const Key = `${folder}/SUCCEEDED_${at}.json`
      await put(Key, part)
      files.push({ Key, Size: JSON.stringify(part).length })
    }
    const MapRunArn = 'arn:aws:states:us-east-1:000000000000:mapRun:machine/Map:3f0e44e2-1a4a-4f0e-9c53-08d6c1d7a9b5'
    const Key = `${folder}/manifest.json`
    await put(Key, { DestinationBucket: Bucket, MapRunArn, ResultFiles: { FAILED: [], PENDING: [], SUCCEEDED: files } })
    return { ...state, results: { MapRunArn, ResultWriterDetails: { Bucket, Key } } }
  }
}

const merged = (one: unknown, other: unknown) => ({ ...(isRecord(one) ? one : {}), ...(isRecord(other) ? other : {}) })

/** `Parameters` with their paths looked up. */
function parametersOf(part: unknown, input: unknown): Record<string, string> {
  const parameters = isRecord(part) && isRecord(part.Parameters) ? part.Parameters : {}
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      const path = name.endsWith('.$') ? textOf(value).split('.').slice(1) : undefined
      if (path === undefined) return [name, textOf(value)]
      const found = path.reduce<unknown>((at, step) => (isRecord(at) ? at[step] : undefined), input)
      return [name.slice(0, -2), textOf(found)]
    }),
  )
}
