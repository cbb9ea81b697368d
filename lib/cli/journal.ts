import { hostname, userInfo } from 'node:os'
import { PipelineError } from '../errors.ts'
import { type LetterFilter, letterFilters, letterSelection } from '../runs/letter-list.ts'
import type { Refused } from '../runs/letter-settle.ts'
import { type RunFilter, runFilters } from '../runs/run-filter.ts'
import { newAdminPassword } from './admin-password.ts'
import { generateKey, prepareKeys } from './api-keys.ts'
import { openDatabase } from './database.ts'
import { helpOf } from './help.ts'
import type { Console } from './main.ts'
import { openNodeRed } from './node-red.ts'
import { type Command, parseCommand } from './options.ts'
import { prepareRunAction } from './run-actions.ts'
import { letterTable, letterText, runTable, runText } from './tables.ts'
import type { Target } from './target.ts'

/** Exit codes, as the help lists them. */
const exits = { done: 0, failed: 1, usage: 2, refused: 3 } as const

/** The commands about runs, dead letters, keys and the login, and the help. Resolves with the exit code; never throws. */
export async function journalCommand(args: readonly string[], { env, out, err }: Console): Promise<number> {
  try {
    if (args[0] === 'admin-password') {
      out(newAdminPassword(args.slice(1), env).text)
      return exits.done
    }
    const command = parseCommand(args, env)
    if (command.help) {
      out(helpOf(command.topic))
      return command.asked ? exits.done : exits.usage
    }
    if (command.action === 'generate') {
      out(generateKey(command))
      return exits.done
    }
    // What is asked is checked before anything is opened.
    const work = prepare(command, out)
    const target = command.nodeRed === undefined ? await openDatabase(command) : await openNodeRed(command.nodeRed)
    try {
      return await work(target)
    } finally {
      await target.close()
    }
  } catch (thrown) {
    const { code, message } = PipelineError.from(thrown)
    err(`${code}: ${message}`)
    return ['CLI_USAGE', 'FILTER_INVALID', 'API_KEY_INVALID'].includes(code) ? exits.usage : exits.failed
  }
}

/** What says which letters are settled. */
const settled = ['flow', 'run', 'kind', 'item', 'code', 'since', 'limit']

/** The command as work on a target. Throws CLI_USAGE, FILTER_INVALID. */
function prepare(command: Command, out: (text: string) => void): (target: Target) => Promise<number> {
  const { topic, action, ids, options, json } = command
  const print = (value: unknown, text: () => string) => out(json ? JSON.stringify(value, undefined, 2) : text())
  if (topic === 'api-keys') {
    const own = prepareKeys(action, action === 'revoke' ? one(ids) : '', given(options, ['name', 'scopes', 'expires']))
    return async (target) => {
      const { value, text } = await own(target, `cli ${whoami()}`)
      print(value, () => text)
      return exits.done
    }
  }
  if (topic === 'runs' && (action === 'resume' || action === 'cancel' || action === 'replay')) {
    const own = given(options, action === 'replay' ? ['reason', 'from'] : ['reason'])
    const work = prepareRunAction(action, runFilters.parse({ id: one(ids) }).id ?? '', own, `cli ${whoami()}`)
    return async (target) => {
      const { value, text } = await work(target)
      print(value, () => text)
      return exits.done
    }
  }
  if (topic === 'runs') {
    if (action === 'show') {
      const id = runFilters.parse({ id: one(ids) }).id ?? ''
      return async (target) => {
        const run = await target.run(id)
        print(run, () => runText(run))
        return exits.done
      }
    }
    const filter: RunFilter = runFilters.parse(given(options, ['flow', 'state', 'limit']))
    return async (target) => {
      const runs = await target.runs(filter)
      print({ runs }, () => runTable(runs))
      return exits.done
    }
  }
  if (action === 'list') {
    const filter = letterFilters.parse(given(options, [...settled, 'state']))
    return async (target) => {
      const answer = await target.list(filter)
      print(answer, () => letterTable(answer))
      return exits.done
    }
  }
  if (action === 'show') {
    const [id = ''] = letterFilters.parse({ ids: [one(ids)] }).ids ?? []
    return async (target) => {
      const letter = await target.show(id)
      print(letter, () => letterText(letter))
      return exits.done
    }
  }
  const own = action === 'discard' ? ['all', 'reason'] : ['all']
  const { reason: why, ...meant } = given(options, [...settled, ...own])
  const filter: LetterFilter = letterSelection({ ...meant, ...(ids.length === 0 ? {} : { ids }) })
  const by = `cli ${whoami()}`
  if (action === 'redrive') {
    return async (target) => {
      const answer = await target.redrive(filter, by)
      print(answer, () =>
        [
          `Redriven: ${answer.redriven} (runs: ${answer.runs.length})`,
          ...answer.runs.map((run) => `  ${run.id}  ${run.flow}  ${run.slot}  (${run.letters})`),
          ...refusals(answer.refused),
        ].join('\n'),
      )
      return answer.refused.length > 0 ? exits.refused : exits.done
    }
  }
  const reason = typeof why === 'string' ? why.trim() : ''
  if (reason === '') throw new PipelineError('CLI_USAGE', 'A discard needs its reason: --reason TEXT')
  return async (target) => {
    const answer = await target.discard(filter, by, reason)
    print(answer, () => [`Discarded: ${answer.discarded}`, ...refusals(answer.refused)].join('\n'))
    return answer.refused.length > 0 ? exits.refused : exits.done
  }
}

function refusals(refused: readonly Refused[]): string[] {
  return refused.map(({ id, code, message }) => `  ${id}  ${code}: ${message}`)
}

function one(ids: readonly string[]): string {
  const [id] = ids
  if (id === undefined || ids.length > 1) throw new PipelineError('CLI_USAGE', 'One id is expected')
  return id
}

/** The options that a filter takes; the limit as a number. Throws CLI_USAGE for one that this command does not know. */
function given(options: Command['options'], known: readonly string[]): Record<string, unknown> {
  const filter: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(options)) {
    if (!known.includes(name)) throw new PipelineError('CLI_USAGE', `--${name} does not go with this command`)
    filter[name] = name === 'limit' ? Number(value) : value
  }
  return filter
}

function whoami(): string {
  try {
    return `${userInfo().username}@${hostname()}`
  } catch {
    return hostname() // a user id without a name, as in some containers
  }
}
