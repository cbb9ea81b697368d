import { PipelineError } from '../../lib/errors.ts'
import { parser } from '../../lib/schema.ts'
import type { Logger, Progress } from '../../lib/steps/step.ts'
import { coerce } from './coerce.ts'
import { type ConfigOf, type Limits, LimitsSchema, type NodeDeclaration } from './declaration.ts'
import { forDone, isQuiet } from './errors.ts'
import { Inbox } from './inbox.ts'
import { loggerOf } from './logger.ts'
import { guard, limited, once } from './message.ts'
import type { Message, NodeDefinition, Outputs, Red, RedNode } from './red.ts'
import { introduce, type Resolved, resolveReferences } from './references.ts'
import { progressText, type StatusLine, StatusWriter } from './status.ts'

/** Node-RED gives a closing node 15 s; ours take at most this long. */
const closeWithinMs = 10_000

/** One message at work. */
export interface Work {
  /** Aborted when the node closes (reason: not a PipelineError) and at the timeout (reason: TIMEOUT). */
  signal: AbortSignal
  /** Shows how far the work is in the node's status. */
  progress(progress: Progress): void
  /** Sends in between; the last messages are better returned. False, and nothing sent, once the node is closed. */
  send(outputs: Outputs): boolean
}

/** How a message ends: what goes out, and what the status says afterwards (blank when left out). */
export interface Reply {
  outputs?: Outputs
  status?: StatusLine
}

/** What a node does. Whatever these throw ends in `done(error)`; nothing escapes as an unhandled rejection. */
export interface Behaviour {
  /** Works on one message. */
  input?(message: Message, work: Work): Promise<Reply | undefined> | Reply | undefined
  /** The button of the node (declaration: `button: true`). */
  press?(): Promise<void>
  /** Gives back what the node holds; `handle.signal` is aborted already. `removed`: deleted, not just restarted. */
  close?(removed: boolean): Promise<void> | void
  /** Config nodes: what nodes get from `handle.use(reference, Class)`. */
  service?: object
}

/** A node as its behaviour sees it. */
export interface NodeHandle<Config> {
  readonly id: string
  readonly type: string
  readonly name: string | undefined
  /** Stable across deploys, restarts and renames, also inside subflow instances: the `node` of the journal. */
  readonly path: string
  readonly config: Config
  readonly credentials: Readonly<Record<string, string>>
  readonly log: Logger
  /** Aborted when the node closes. */
  readonly signal: AbortSignal
  /** BCP 47 tag of the runtime's language. */
  readonly language: string
  /** The service of a referenced config node. Throws CONFIG when the reference is blank or offers something else. */
  use<T extends object>(reference: string, service: abstract new (...args: never[]) => T): T
  status(line: StatusLine): void
  /** Config nodes: shows a status on every node that uses this one. */
  statusOfUsers(line: StatusLine): void
  /** Translates a key of the catalogue into the runtime's language. */
  text(key: string, values?: Record<string, string | number>): string
  /** Sends outside of a message (triggers, joins). False, and nothing sent, once the node is closed. */
  send(outputs: Outputs): boolean
}

interface Letter {
  message: Message
  send(outputs: Outputs): void
  done(error?: PipelineError): void
}

/**
 * Registers a node type. `create` is called for each node with a good config, synchronously; a bad one gets a red ring and
 * answers every message with the error CONFIG. Each message ends in exactly one `done`.
 */
export function registerNode<const D extends NodeDeclaration>(
  red: Red,
  declaration: D,
  create: (handle: NodeHandle<ConfigOf<D>>) => Behaviour,
): void {
  const configs = parser<D['config']>(declaration.config, 'The configuration', 'CONFIG')
  const buttons = new Map<string, () => Promise<void>>()

  function construct(this: RedNode, definition: NodeDefinition): void {
    red.nodes.createNode(this, definition)
    const node = this
    const closing = new AbortController()
    const language = typeof red.settings.lang === 'string' ? red.settings.lang : 'en-US'
    const status = new StatusWriter(
      (line) => node.status(line),
      (key, values) => red._(key, values),
    )
    const log = loggerOf(node)
    const users = new Map<RedNode, (line: StatusLine) => void>()
    let behaviour: Behaviour = {}
    let problem: PipelineError | undefined
    let references = new Map<string, Resolved>()
    let limits: Limits | undefined

    try {
      references = resolveReferences(red, declaration, definition)
      limits = declaration.limits && limitsOf(red, declaration.limits, definition)
      const given = coerce(declaration.config, definition)
      for (const [name, reference] of references) if (name in declaration.config.properties) given[name] = reference.config
      const config = configs.parse(given)
      introduce(node, { type: declaration.type, config: { ...config }, users })
      behaviour = create({
        id: node.id,
        type: node.type,
        name: node.name,
        path: pathOf(node),
        config,
        credentials: node.credentials ?? {},
        log,
        signal: closing.signal,
        language,
        use: (name, service) => serviceOf(declaration, references, name, service),
        status: (line) => status.show(line),
        statusOfUsers: (line) => {
          for (const show of users.values()) show(line)
        },
        text: (key, values) => red._(key, values),
        send: guard(closing.signal, (outputs) => node.send(outputs)),
      })
      introduce(node, { type: declaration.type, config: { ...config }, users, service: behaviour.service })
      for (const reference of references.values()) reference.users.set(node, (line) => status.show(line))
    } catch (thrown) {
      problem = PipelineError.from(thrown, 'CONFIG')
      introduce(node, { type: declaration.type, problem, users })
      log.error(problem.message)
      status.show({ mood: 'error', key: 'status.config' })
    }

    const inbox = new Inbox<Letter>({
      concurrency: limits?.concurrency ?? Number.POSITIVE_INFINITY,
      limit: limits?.queueLimit ?? 0,
      work: (letter) => attend(letter),
    })

    async function attend({ message, send, done }: Letter): Promise<void> {
      const inRun = message.run !== undefined
      try {
        const reply = await limited(closing.signal, limits?.timeoutSeconds ?? 0, async (signal) =>
          behaviour.input?.(message, {
            signal,
            progress: (progress) => status.show({ mood: 'working', text: withQueue(progressText(progress, language), inbox.waiting) }),
            send: guard(closing.signal, send),
          }),
        )
        if (reply?.outputs !== undefined) guard(closing.signal, send)(reply.outputs)
        if (!closing.signal.aborted) status.show(reply?.status ?? { mood: 'idle' })
        done()
      } catch (thrown) {
        const error = forDone(thrown)
        // A message of a run ends quietly: the run's own replay sends it again. One without a run is lost, and says so.
        if (isQuiet(error) && inRun) {
          log.debug(`A message ended without effect: ${error.message}`)
          if (!closing.signal.aborted) status.show({ mood: 'idle' })
          done()
        } else {
          if (!closing.signal.aborted) status.show({ mood: 'error', text: error.code })
          done(error)
        }
      }
    }

    node.on('input', (message, send, done) => {
      const letter: Letter = { message, send, done: once(done, () => log.debug('A message was ended twice')) }
      if (problem !== undefined) letter.done(forDone(problem))
      else if (!inbox.offer(letter)) letter.done(closing.signal.aborted ? stopped() : full(inbox.waiting))
    })

    node.on('close', (removed, done) => {
      closing.abort()
      buttons.delete(node.id)
      for (const reference of references.values()) reference.users.delete(node)
      for (const letter of inbox.close()) letter.done(letter.message.run === undefined ? stopped() : undefined)
      const work = [inbox.settled(), (async () => behaviour.close?.(removed))()]
      const deadline = AbortSignal.timeout(closeWithinMs)
      const late = new Promise<void>((resolve) => deadline.addEventListener('abort', () => resolve(), { once: true }))
      Promise.race([Promise.all(work), late])
        .catch((thrown: unknown) => log.error(`Closing failed: ${PipelineError.from(thrown).message}`))
        .finally(() => {
          status.close()
          done()
        })
    })

    const press = behaviour.press?.bind(behaviour)
    if (press !== undefined) buttons.set(node.id, press)
  }

  red.nodes.registerType(declaration.type, construct, declaration.credentials ? { credentials: declaration.credentials } : {})
}
