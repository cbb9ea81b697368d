import { PipelineError } from '../errors.ts'
import { readArguments } from './arguments.ts'

/** How a running Node-RED is reached. */
export interface NodeRedAccess {
  url: string
  token?: string
  user?: string
  password?: string
  /** Id of the `ysh-stores`, when several are deployed. */
  stores?: string
}

/** A command line, read. */
export interface Command {
  topic: 'dead-letters' | 'runs' | 'api-keys'
  action: 'list' | 'show' | 'redrive' | 'discard' | 'create' | 'revoke' | 'generate' | 'resume' | 'cancel' | 'replay'
  ids: string[]
  /** Filter, `all`, `reason`. */
  options: Record<string, string | boolean>
  json: boolean
  help: boolean
  /** The help was asked for, and not given for want of a command. */
  asked: boolean
  postgres?: string
  folder?: string
  nodeRed?: NodeRedAccess
}

const text = { type: 'string' } as const
const options = {
  postgres: text,
  folder: text,
  'node-red': text,
  token: text,
  stores: text,
  flow: text,
  run: text,
  kind: text,
  item: text,
  code: text,
  since: text,
  state: text,
  limit: text,
  reason: text,
  from: text,
  name: text,
  scopes: text,
  expires: text,
  all: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

const actions: Readonly<Record<Command['topic'], readonly Command['action'][]>> = {
  'dead-letters': ['list', 'show', 'redrive', 'discard'],
  runs: ['list', 'show', 'resume', 'cancel', 'replay'],
  'api-keys': ['list', 'create', 'revoke', 'generate'],
}
const allActions: readonly Command['action'][] = [...new Set(Object.values(actions).flat())]

/**
 * Reads arguments and environment (arguments count more). Throws CLI_USAGE for what is unknown, and when it is not said, or said twice,
 * where the runs are.
 */
export function parseCommand(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Command {
  const { values, positionals } = readArguments(args, options)
  const [topic, action, ...ids] = positionals
  const { postgres, folder, 'node-red': nodeRed, token, stores, json = false, help = false, ...filter } = values
  const base = { ids, options: filter, json, asked: help }
  const isTopic = topic === 'dead-letters' || topic === 'runs' || topic === 'api-keys'
  if (topic !== undefined && !isTopic) throw new PipelineError('CLI_USAGE', `There is no command ${topic}; see --help`)
  if (help || !isTopic) return { ...base, topic: topic ?? 'dead-letters', action: 'list', help: true }
  const does = allActions.find((known) => known === action)
  if (does === undefined) {
    throw new PipelineError('CLI_USAGE', `${topic} wants one of: ${actions[topic].join(', ')}`)
  }
  if (!actions[topic].includes(does)) {
    throw new PipelineError('CLI_USAGE', `${topic} has no ${does}, but: ${actions[topic].join(', ')}`)
  }
  if (does === 'list' && ids.length > 0) throw new PipelineError('CLI_USAGE', `list takes no ids: ${ids.join(' ')}`)
  const said = [postgres, folder, nodeRed].filter((place) => place !== undefined).length
  if (said > 1) throw new PipelineError('CLI_USAGE', 'Only one of --postgres, --folder and --node-red is possible')
  const places =
    said === 1
      ? { postgres, folder, nodeRed }
      : { postgres: env.YSH_POSTGRES, folder: env.YSH_FOLDER, nodeRed: env.YSH_NODE_RED }
  const command: Command = { ...base, topic, action: does, help: false }
  if (does === 'generate') return command // needs no place
  // Of the environment the first that is set; a running Node-RED can always be asked.
  if (places.nodeRed) command.nodeRed = access(places.nodeRed, token ?? env.YSH_NODE_RED_TOKEN, stores, env)
  else if (places.postgres) command.postgres = places.postgres
  else if (places.folder) command.folder = places.folder
  else throw new PipelineError('CLI_USAGE', 'Say where the runs are: --postgres URL, --folder DIR or --node-red URL')
  return command
}

/** Reads the address of a Node-RED, and how to log in there. Throws CLI_USAGE. */
export function access(
  address: string,
  token: string | undefined,
  stores: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): NodeRedAccess {
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    throw new PipelineError('CLI_USAGE', '--node-red wants an address such as http://127.0.0.1:1880')
  }
  const url = new URL(address)
  const user = decodeURIComponent(url.username) || env.YSH_NODE_RED_USER
  const password = decodeURIComponent(url.password) || env.YSH_NODE_RED_PASSWORD
  url.username = ''
  url.password = ''
  url.search = ''
  url.hash = ''
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return {
    url: url.href,
    ...(token ? { token } : {}),
    ...(user ? { user } : {}),
    ...(password ? { password } : {}),
    ...(stores ? { stores } : {}),
  }
}
