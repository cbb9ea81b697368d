import { randomBytes } from 'node:crypto'
import { mkdir, realpath } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineError } from '../../../errors.ts'
import { ownerGone, ownerName } from '../../owner.ts'
import { freeBytes, isReadOnly, roomError } from '../../room.ts'
import type { EmbeddedConfig } from '../config.ts'
import type { Backing } from '../store.ts'
import { demandVersion, isCreated, newAddress } from './layout.ts'
import { BEAT_MS, isHolder, touchLock } from './lock.ts'
import { Child } from './process.ts'
import { WRITE_BYTES } from './room.ts'
import { Upkeep } from './upkeep.ts'

/** Opening replays the log after a kill; creating runs initdb. Both are slow on a small box. */
const OPEN_MS = 120_000
/** Node-RED gives its nodes 15 s to close; killing the store is safe. */
const CLOSE_MS = 8_000
/** A child that keeps dying is started at most this often in a minute. */
const MAX_STARTS = 5
const MINUTE = 60_000
/** An orphan notices its parent's death between two statements; one that has not by then is killed. */
const ORPHAN_MS = 2_000

/** How long the news of a child's end may take. */
const NEWS_MS = 1_000

const hosts = new Map<string, Host>()

/** Process ids of the embedded databases that this process keeps. */
export function embeddedProcesses(): number[] {
  return [...hosts.values()].flatMap(({ pid }) => pid ?? [])
}

/**
 * Makes the folder's database if it has none; true if it did. A process of its own, because initdb takes 570 MB once, which a small
 * container has not: `template` is a folder that was made elsewhere by the same version, and is then copied. By default what
 * `YSH_EMBEDDED_TEMPLATE` names, as the Docker image does.
 */
export async function createEmbedded(
  folder: string,
  template: string | undefined = process.env.YSH_EMBEDDED_TEMPLATE,
): Promise<boolean> {
  const path = await resolveFolder(folder)
  if (await isCreated(path)) return false
  const child = new Child()
  try {
    const from = template ? { template } : {}
    await child.ask({ type: 'create', folder: path, parent: ownerName(), ...from }, 'done', OPEN_MS)
  } finally {
    await child.close(CLOSE_MS)
  }
  return true
}

/** The child process of a folder, shared by all stores of this process; to be given back with `release`. */
export async function acquireHost(config: EmbeddedConfig): Promise<Host> {
  const path = await resolveFolder(config.folder)
  for (;;) {
    const host = hosts.get(path) ?? new Host(path, config)
    if (host.closing === undefined) {
      hosts.set(path, host)
      host.users += 1
      return host
    }
    await host.closing
  }
}

async function resolveFolder(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return await realpath(folder)
  } catch (error) {
    const known = await roomError(error, 'making the folder of the embedded PostgreSQL', folder)
    if (known !== undefined) throw known
    const why = error instanceof Error ? error.message : String(error)
    throw new PipelineError('STORE_CONFIG', `The folder of the embedded PostgreSQL cannot be used: ${why}`, {
      cause: error,
    })
  }
}

/** Keeps one child process over one folder: starts it, starts it again when it dies, closes it after its last user. */
export class Host implements Backing {
  /** Stays the same over restarts, so that a connection's target does too. */
  readonly address = newAddress()
  readonly secret = randomBytes(32).toString('hex')
  users = 0
  closing: Promise<void> | undefined
  /** The database's folder, without links. */
  readonly folder: string
  readonly #config: EmbeddedConfig
  readonly #beatMs: number
  readonly #beat: NodeJS.Timeout
  readonly #upkeep: Upkeep
  #child: Child | undefined
  #starting: Promise<void> | undefined
  #starts: number[] = []
  /** What the volume made the last start fail with: none is tried before that has changed. */
  #refused: PipelineError | undefined
  #missed = 0

  constructor(folder: string, config: EmbeddedConfig) {
    this.folder = folder
    this.#config = config
    this.#beatMs = Math.min(BEAT_MS, config.stuckMs / 2)
    this.#beat = setInterval(() => this.#tick(), this.#beatMs).unref()
    const { connectTimeoutMs, statementTimeoutMs } = config
    const target = { kind: 'embedded', folder, socket: this.address, secret: this.secret } as const
    this.#upkeep = new Upkeep({ ...target, connectTimeoutMs, statementTimeoutMs }, () => this.#child?.alive === true)
  }

  /** Process id of the child, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  ready(): Promise<void> {
    if (this.#child?.alive === true) return Promise.resolve()
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined
    })
    return this.#starting
  }

  async revive(): Promise<boolean> {
    // A dead child's sockets close before its parent hears of its end.
    const child = this.#child
    if (child === undefined || !(await child.ended(NEWS_MS))) return false
    await this.ready()
    return true
  }

  async release(): Promise<void> {
    this.users -= 1
    if (this.users > 0) return
    this.closing ??= this.#stop()
    await this.closing
  }

  async #start(): Promise<void> {
    if (this.#refused !== undefined && (await this.#stillRefused(this.#refused))) throw this.#refused
    this.#refused = undefined
    const now = performance.now()
    this.#starts = this.#starts.filter((at) => now - at < MINUTE)
    if (this.#starts.length >= MAX_STARTS) {
      throw new PipelineError(
        'STORE_UNAVAILABLE',
        `The embedded PostgreSQL ended ${MAX_STARTS} times within a minute; last: ${this.#child?.lastWords ?? 'unknown'}`,
        { retryable: true, retryAfterMs: MINUTE },
      )
    }
    this.#starts.push(now)
    try {
      await demandVersion(this.folder)
      await this.#evict(() => createEmbedded(this.folder))
      await this.#evict(() => this.#serve())
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      // The volume's fault, which passes: it does not count among the deaths.
      if (error.code === 'STORE_FULL' || error.code === 'STORE_READ_ONLY') {
        this.#refused = error
        this.#starts = []
      }
      throw error
    }
  }

  async #stillRefused({ code }: PipelineError): Promise<boolean> {
    if (code === 'STORE_READ_ONLY') return isReadOnly(this.folder)
    const free = await freeBytes(this.folder)
    return free !== undefined && free < WRITE_BYTES
  }

  async #serve(): Promise<void> {
    const child = new Child()
    this.#child = child
    this.#missed = 0
    try {
      const { address, secret } = this
      const { idleInTransactionMs } = this.#config
      await child.ask(
        { type: 'serve', folder: this.folder, parent: ownerName(), address, secret, idleInTransactionMs },
        'ready',
        OPEN_MS,
      )
    } catch (error) {
      await child.close(0)
      throw error
    }
    child.settle(() => {
      this.#missed = 0
    })
  }

  /** Does `work`; if an orphan of a dead process holds the folder, waits for it to notice, then ends it. */
  async #evict(work: () => Promise<unknown>): Promise<void> {
    const started = performance.now()
    for (;;) {
      try {
        await work()
        return
      } catch (error) {
        const holder = error instanceof PipelineError && error.code === 'STORE_LOCKED' ? error.details : undefined
        const orphan = isHolder(holder) && ownerGone(holder.parent) === true && ownerGone(holder.owner) !== undefined
        const waited = performance.now() - started
        if (!orphan || waited > ORPHAN_MS * 5) throw error
        if (waited > ORPHAN_MS && ownerGone(holder.owner) === false) process.kill(holder.pid, 'SIGKILL')
        await sleep(100)
      }
    }
  }

  #tick(): void {
    const child = this.#child
    if (child?.alive !== true || this.#starting !== undefined) return
    void touchLock(this.folder)
    // Counted in beats, not by the clock: after a pause of this process itself the child has done nothing wrong.
    if (this.#missed * this.#beatMs >= this.#config.stuckMs) child.kill()
    else child.send({ type: 'ping' })
    this.#missed += 1
  }

  async #stop(): Promise<void> {
    clearInterval(this.#beat)
    await this.#upkeep.stop()
    await this.#starting?.catch(() => undefined)
    await this.#child?.close(CLOSE_MS)
    hosts.delete(this.folder)
  }
}
