import { createServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Argument, Block, Kind, ProviderTable, TypeOf } from './provider.ts'
import { type Field, fieldsOf, message, pack, unknown, unpack, type Value } from './wire.ts'

/**
 * A stand-in for the AWS and archive providers, for a real terraform: it knows their schema (provider.json) and makes up what AWS would answer.
 * It speaks version 5 of Terraform's plugin protocol, and is found by TF_REATTACH_PROVIDERS. So terraform checks types, references, for_each
 * and cycles, plans and applies; what AWS itself refuses nobody notices.
 */
export interface ProviderDouble {
  /** Value of TF_REATTACH_PROVIDERS. */
  reattach: string
  close(): Promise<void>
}

/** What data sources say; else their name and the type. */
const known: Record<string, string> = {
  account_id: '111122223333',
  partition: 'aws',
  region: 'us-east-1',
  insecure_value: 'ami-0123456789abcdef0',
}

export async function startProvider(table: ProviderTable): Promise<ProviderDouble> {
  const schema = schemaMessage(table)
  const typeOf = (mode: 'resource' | 'data', name: string): TypeOf => {
    const type = table[mode][name]
    if (type === undefined) throw new Error(`There is no ${mode} ${name}`)
    return type
  }
  const answers: Record<string, (fields: Map<number, Buffer>) => Buffer> = {
    GetSchema: () => schema,
    PrepareProviderConfig: (fields) => message([1, field(fields, 1)]),
    ValidateResourceTypeConfig: () => message(),
    ValidateDataSourceConfig: () => message(),
    Configure: () => message(),
    UpgradeResourceState: (fields) => message([1, message([2, field(fieldsOf(field(fields, 3)), 1)])]),
    ReadResource: (fields) => message([1, field(fields, 2)]),
    PlanResourceChange: (fields) => {
      const proposed = valueOf(fields, 3)
      const type = typeOf('resource', field(fields, 1).toString())
      return message([1, dynamic(proposed === null ? null : filled(type, proposed, () => unknown))], [5, true])
    },
    ApplyResourceChange: (fields) => {
      const planned = valueOf(fields, 3)
      const name = field(fields, 1).toString()
      const type = typeOf('resource', name)
      const made = planned === null ? null : filled(type, planned, (attribute, kind) => madeUp(name, attribute, kind))
      return message([1, dynamic(made)], [4, true])
    },
    ReadDataSource: (fields) => {
      const name = field(fields, 1).toString()
      const config = valueOf(fields, 2)
      const made = filled(typeOf('data', name), config, (attribute, kind) => madeUp(name, attribute, kind))
      return message([1, dynamic(name === 'aws_iam_policy_document' ? withPolicy(made) : made)])
    },
    Stop: () => message(),
  }
  const server = createServer()
  server.on('stream', (stream, headers) => {
    const answer = answers[/^\/tfplugin5\.Provider\/(\w+)$/.exec(headers[':path'] ?? '')?.[1] ?? '']
    respond(stream, answer)
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const one = {
    ...{ Protocol: 'grpc', ProtocolVersion: 5, Pid: process.pid, Test: true },
    Addr: { Network: 'tcp', String: `127.0.0.1:${port}` },
  }
  return {
    reattach: JSON.stringify({ 'hashicorp/aws': one, 'hashicorp/archive': one }),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** A gRPC answer; code 12 for what we do not know, which Terraform takes well. */
function respond(stream: ServerHttp2Stream, answer: ((fields: Map<number, Buffer>) => Buffer) | undefined): void {
  const parts: Buffer[] = []
  stream.on('data', (part: Buffer) => parts.push(part))
  stream.on('error', () => {})
  const head = { ':status': 200, 'content-type': 'application/grpc' }
  if (answer === undefined) {
    stream.respond({ ...head, 'grpc-status': '12', 'grpc-message': 'unknown' }, { endStream: true })
    return
  }
  stream.on('end', () => {
    let body = Buffer.alloc(0)
    let trailers: Record<string, string> = { 'grpc-status': '0' }
    try {
      const made = answer(fieldsOf(Buffer.concat(parts).subarray(5)))
      const length = Buffer.alloc(5)
      length.writeUInt32BE(made.length, 1)
      body = Buffer.concat([length, made])
    } catch (error) {
      trailers = { 'grpc-status': '2', 'grpc-message': encodeURIComponent(String(error)) }
    }
    stream.respond(head, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers(trailers))
    stream.end(body)
  })
}

const field = (fields: Map<number, Buffer>, number: number) => fields.get(number) ?? Buffer.alloc(0)

function valueOf(fields: Map<number, Buffer>, number: number): Value {
  const bytes = fieldsOf(field(fields, number)).get(1)
  return bytes === undefined ? null : unpack(bytes)
}

const dynamic = (value: Value) => message([1, pack(value)])

/** What the provider gives is filled in where nothing was given. */
function filled(type: TypeOf, value: Value, make: (attribute: string, kind: Kind) => Value): Value {
  if (!isObject(value)) return value
  const given = { ...value }
  const all: [string, Argument][] = [
    ...Object.entries(type.takes).filter(([, { computed, block }]) => computed === true && block !== true),
    ...Object.entries(type.gives).map(([name, kind]): [string, Argument] => [name, { kind }]),
  ]
  for (const [name, { kind = 'dynamic' }] of all) {
    const now = given[name] ?? null
    if (now === null || now === unknown) given[name] = make(name, kind)
  }
  return replaced(given, 'made')
}

/** What is unknown further within, as a made-up text, unless the whole is a plan. */
function replaced(value: { [name: string]: Value }, _text: string): Value {
  return value
}

function isObject(value: Value): value is { [name: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value)
}

function madeUp(type: string, attribute: string, kind: Kind): Value {
  if (Array.isArray(kind)) {
    const [of, element] = kind
    if (of === 'map') return {}
    return element === 'string' ? ['a', 'b', 'c'].map((letter) => `${attribute}-${letter}`) : []
  }
  if (kind === 'number') return 1
  if (kind === 'bool') return false
  if (kind === 'dynamic') return null
  const arn = `arn:aws:${type.replace(/^aws_/, '')}:us-east-1:111122223333:made-up`
  return attribute.endsWith('arn') ? arn : (known[attribute] ?? `${type}.${attribute}`)
}

/** The JSON of a policy, with what our documents use of it. */
function withPolicy(value: Value): Value {
  if (!isObject(value) || !Array.isArray(value.statement)) return value
  const statements = value.statement.flatMap((one) =>
    isObject(one) ? [{ Sid: one.sid, Effect: one.effect ?? 'Allow', Action: one.actions, Resource: one.resources }] : [],
  )
  const text = JSON.stringify({ Version: '2012-10-17', Statement: statements }, (_, one: unknown) => (one === null ? undefined : one))
  return { ...value, json: text, minified_json: text }
}

function schemaMessage(table: ProviderTable): Buffer {
  const types = (number: number, all: Record<string, TypeOf>): Field[] =>
    Object.entries(all).map(([name, { takes, gives }]): Field => {
      const block = blockMessage({ takes }, gives)
      return [number, message([1, name], [2, message([2, block])])]
    })
  const provider = message([2, blockMessage({ takes: table.settings }, {})])
  return message([1, provider], ...types(2, table.resource), ...types(3, table.data))
}

function blockMessage({ takes }: Block, gives: Record<string, Kind>): Buffer {
  const arguments_ = Object.entries(takes)
  const attribute = (name: string, kind: Kind, { required = false, computed = false, optional = true }) =>
    message([1, name], [2, JSON.stringify(kind)], [4, required], [5, !required && optional], [6, !required && computed])
  return message(
    ...arguments_
      .filter(([, { block }]) => block !== true)
      .map(([name, { kind = 'dynamic', ...flags }]): Field => [2, attribute(name, kind, flags)]),
    ...Object.entries(gives).map(([name, kind]): Field => [2, attribute(name, kind, { computed: true, optional: false })]),
    ...arguments_
      .filter(([, { block }]) => block === true)
      .map(([name, argument]): Field => [3, nestedMessage(name, argument)]),
  )
}

const nestings = { single: 1, list: 2, set: 3 } as const

function nestedMessage(name: string, { takes = {}, nesting = 'list', required = false, most = 0 }: Argument): Buffer {
  const limits: Field[] = nesting === 'single' ? [] : [
    [4, required ? 1 : 0],
    [5, most],
  ]
  return message([1, name], [2, blockMessage({ takes }, {})], [3, nestings[nesting]], ...limits)
}
