import { coerce } from '../../lib/coerce.ts'
import { PipelineError } from '../../lib/errors.ts'
import { type Parser, parser } from '../../lib/schema.ts'
import { parseReference } from '../../lib/secrets/reference.ts'
import { Attendant, settleSoon } from './attendant.ts'
import type { Behaviour, NodeHandle } from './behaviour.ts'
import { registerButton } from './button.ts'
import { type ConfigOf, type Limits, LimitsSchema, type NodeDeclaration } from './declaration.ts'
import { expressionOf } from './expression.ts'
import { loggerOf } from './logger.ts'
import { guard } from './message.ts'
import type { NodeDefinition, Red, RedNode } from './red.ts'
import { introduce, type Known, type Resolved, resolveReferences, serviceOf } from './references.ts'
import { StatusWriter } from './status.ts'

export type { Behaviour, NodeHandle, Reply, Work } from './behaviour.ts'

const limitsParser = parser(LimitsSchema, 'The limits', 'CONFIG')

/**
 * Registers a node type. `create` is called once per node with a good config, synchronously, and says what the node does. A
 * node with a bad config (or a missing config node) gets a red ring and answers every message with the error CONFIG; it never
 * breaks the deploy. Every message ends in exactly one `done`; nothing is sent after close.
 */
export function registerNode<const D extends NodeDeclaration>(
  red: Red,
  declaration: D,
  create: (handle: NodeHandle<ConfigOf<D>>) => Behaviour,
): void {
  const configs: Parser<ConfigOf<D>> = parser<D['config']>(declaration.config, 'The configuration', 'CONFIG')
  const buttons = declaration.button === true ? registerButton(red, declaration.type) : undefined

  function construct(this: RedNode, definition: NodeDefinition): void {
    red.nodes.createNode(this, definition)
    const closing = new AbortController()
    const log = loggerOf(this)
    const language = languageOf(red)
    const text = (key: string, values?: Record<string, string | number>) => red._(key, values)
    const status = new StatusWriter((line) => this.status(line), text)
    const known: Known = { type: declaration.type, users: new Map() }
    introduce(this, known)
    let references = new Map<string, Resolved>()
    let behaviour: Behaviour = {}
    let limits: Limits | undefined

    try {
      references = resolveReferences(red, declaration, definition)
      limits = limitsOf(red, declaration, definition)
      // a misspelt reference marks the node as the deploy begins, not when it connects
      for (const credential of Object.values(this.credentials ?? {})) parseReference(credential)
      const config = configs.parse(configGiven(declaration, definition, references, this.credentials ?? {}))
      known.config = { ...config }
      behaviour = create({
        id: this.id,
        type: declaration.type,
        name: this.name,
        path: pathOf(this),
        config,
        credentials: this.credentials ?? {},
        log,
        signal: closing.signal,
        language,
        use: (name, service) => serviceOf(references, name, service),
        status: (line) => status.show(line),
        statusOfUsers: (line) => {
          for (const show of known.users.values()) show(line)
        },
        text,
        expression: (words) => expressionOf(red, this, words),
        receive: (message) => {
          if (!closing.signal.aborted) this.receive(message)
        },
        send: guard(closing.signal, (outputs) => this.send(outputs)),
      })
      if (behaviour.service !== undefined) known.service = behaviour.service
      for (const { users } of references.values()) users.set(this, (line) => status.show(line))
    } catch (thrown) {
      const problem = PipelineError.from(thrown, 'CONFIG')
      delete known.config
      known.problem = problem
      behaviour = {
        input() {
          throw problem
        },
      }
      log.error(`${declaration.type}: ${problem.message}`)
      status.show({ mood: 'error', key: 'status.config' })
    }

    const attendant = new Attendant({ behaviour, limits, closed: closing.signal, status, log, language })
    const press = behaviour.press
    if (press !== undefined) buttons?.set(this.id, () => press())
    this.on('input', (message, send, done) => attendant.take(message, send, done))
    this.on('close', (removed, done) => {
      closing.abort()
      buttons?.delete(this.id)
      for (const { users } of references.values()) users.delete(this)
      const rest = Promise.all([attendant.close(), (async () => behaviour.close?.(removed))()])
      void settleSoon(rest, log).then(() => {
        status.close()
        done()
      })
    })
  }

  red.nodes.registerType(declaration.type, construct, {
    ...(declaration.credentials === undefined ? {} : { credentials: declaration.credentials }),
  })
}

/** The config as the flow has it, with the referenced config nodes' own in their places. */
function configGiven(
  declaration: NodeDeclaration,
  definition: NodeDefinition,
  references: ReadonlyMap<string, Resolved>,
  credentials: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const given = coerce(declaration.config, definition)
  // a secret that the step itself needs is a setting like any other, only kept elsewhere
  for (const name of Object.keys(declaration.credentials ?? {})) {
    if (!(name in declaration.config.properties)) continue
    delete given[name]
    if (credentials[name] !== undefined) given[name] = credentials[name]
  }
  for (const name of Object.keys(declaration.references ?? {})) {
    if (!(name in declaration.config.properties)) continue
    delete given[name]
    const reference = references.get(name)
    if (reference !== undefined) given[name] = reference.config
  }
  return given
}

/** The node's limits: its own, else the type's; the queue never above the `nodeMessageBufferMaxLength` of settings.js. */
function limitsOf(red: Red, declaration: NodeDeclaration, definition: NodeDefinition): Limits | undefined {
  if (declaration.limits === undefined) return undefined
  const limits = limitsParser.parse({ ...declaration.limits, ...coerce(LimitsSchema, definition) })
  const most = red.settings.nodeMessageBufferMaxLength ?? 0
  return most > 0 ? { ...limits, queueLimit: Math.min(limits.queueLimit, most) } : limits
}

function languageOf(red: Red): string {
  const { lang } = red.settings
  return typeof lang === 'string' && Intl.NumberFormat.supportedLocalesOf(lang).length > 0 ? lang : 'en-US'
}

/**
 * The flow's own path (a tab's id) is left out, so that moving a node to another tab keeps its journal; the subflow instances on the
 * way are kept, because the node's own id is the same in each of them.
 */
function pathOf(node: RedNode): string {
  const own = node._alias ?? node.id
  const inside = node._path?.split('/').slice(1, -1) ?? []
  return [...inside, own].join('/')
}
