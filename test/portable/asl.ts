import type { S3Client } from '@aws-sdk/client-s3'
import { StateMachine } from 'aws-local-stepfunctions'
import type { Call, State } from '../../lib/portable/call.ts'
import { CallSchema } from '../../lib/portable/call.ts'
import type { Machine } from '../../lib/portable/step-functions/machine.ts'
import { parser } from '../../lib/schema.ts'
import { undistributed } from './distributed.ts'

const calls = parser(CallSchema, 'A call')

/** What executes state machines here: behind it, so that another executor can take its place. */
export interface MachineRun {
  outcome: 'done' | 'failed'
  /** States in the order they were entered. */
  entered: string[]
  error: string | undefined
}

/**
 * Executes a state machine with a function in the Lambda's place. Waits and retries cost no time. Distributed maps want a client of the S3 that
 * the function uses.
 */
export async function runMachine(
  { definition: given }: Pick<Machine, 'definition'>,
  input: unknown,
  lambda: (call: Call) => Promise<State>,
  s3?: S3Client,
): Promise<MachineRun> {
  const { definition, handlers: own } =
    s3 === undefined ? { definition: given, handlers: {} } : undistributed(given, s3)
  const tasks = statesIn(definition)
  const service = Object.fromEntries(
    Object.entries(own).map(([name, does]) => [name, async (state: unknown) => plain(await does(state))]),
  )
  const handlers = Object.fromEntries(
    tasks
      .filter(({ name, state }) => state.Type === 'Task' && !(name in own))
      .map(({ name }) => [name, async (parameters: unknown) => plain({ Payload: await lambda(callOf(parameters)) })]),
  )
  const named = (type: string, value: number) =>
    Object.fromEntries(tasks.filter(({ state }) => state.Type === type).map(({ name }) => [name, value]))
  const machine = new StateMachine(JSON.parse(JSON.stringify(definition)), {
    // Three validators look at it elsewhere; here it would take longer than the run.
    validationOptions: { noValidate: true },
  })
  const entered: string[] = []
  const { result, eventLogs } = machine.run(plain(input), {
    overrides: {
      taskResourceLocalHandlers: { ...handlers, ...service },
      waitTimeOverrides: named('Wait', 0),
      retryIntervalOverrides: named('Task', 0),
    },
    context: { Execution: { Name: 'execution' }, State: { RetryCount: 0 } },
    noThrowOnAbort: true,
  })
  let error: string | undefined
  const logs = (async () => {
    for await (const event of eventLogs) {
      if (event.type === 'StateEntered') entered.push(event.state.name)
      if (event.type === 'ExecutionFailed') error = event.Error
    }
  })()
  try {
    await result
    await logs
    return { outcome: 'done', entered, error }
  } catch (thrown) {
    await logs.catch(() => undefined)
    return { outcome: 'failed', entered, error: error ?? (thrown instanceof Error ? thrown.message : String(thrown)) }
  }
}

const plain = (value: unknown) => JSON.parse(JSON.stringify(value))

/** What a Lambda's event is in the parameters of `lambda:invoke`; its answer comes back in `Payload`. */
function callOf(parameters: unknown): Call {
  if (typeof parameters !== 'object' || parameters === null || !('Payload' in parameters)) throw new Error('no Payload')
  return calls.parse(parameters.Payload)
}

interface Named {
  name: string
  state: Readonly<Record<string, unknown>>
}

/** All states, those inside of maps and branches included. */
export function statesIn(definition: unknown): Named[] {
  if (typeof definition !== 'object' || definition === null || !('States' in definition)) return []
  const { States } = definition
  if (typeof States !== 'object' || States === null) return []
  return Object.entries(States).flatMap(([name, state]): Named[] => {
    const { ItemProcessor, Branches } = state
    const inner = [ItemProcessor, ...(Array.isArray(Branches) ? Branches : [])].flatMap(statesIn)
    return [{ name, state }, ...inner]
  })
}
