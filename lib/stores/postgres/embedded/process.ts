import { type ChildProcess, fork } from 'node:child_process'
import { PipelineError } from '../../../errors.ts'
import { sibling } from '../../../sibling.ts'
import { type Command, isReport, type Report } from './messages.ts'

const MAX_STDERR = 2_000

/** The child process from its parent's side: one question at a time, and a sure end. */
export class Child {
  readonly #process: ChildProcess
  readonly #exited: Promise<void>
  #alive = true
  #stderr = ''
  #end = ''

  constructor() {
    // Liftoff alone: V8's optimising compiler costs 400 MB for this module. Nothing of our own command line may pass on
    // (--test, --input-type, --inspect would break the child), nor of the environment that says the same.
    const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _test, NODE_CHANNEL_FD: _channel, ...env } = process.env
    this.#process = fork(sibling(import.meta.url, 'child'), [], {
      execArgv: ['--liftoff-only'],
      env,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    const exited = Promise.withResolvers<void>()
    this.#exited = exited.promise
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-MAX_STDERR)
    })
    this.#process.once('exit', (code, signal) => {
      this.#alive = false
      this.#end = signal === null ? `exit code ${code}` : signal
      exited.resolve()
    })
    this.#process.on('error', (error) => {
      this.#end = error.message
      if (this.#process.pid !== undefined) return
      this.#alive = false // it never started
      exited.resolve()
    })
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  get alive(): boolean {
    return this.#alive
  }

  /** How it ended, and the last it wrote. */
  get lastWords(): string {
    return [this.#end, this.#stderr.trim()].filter((part) => part !== '').join(': ')
  }

  send(command: Command): void {
    // A child that has just ended cannot be told anything; its exit is what counts.
    if (this.#process.connected) this.#process.send(command, () => {})
  }

  /** Sends a command and waits for its answer. Throws what the child reports, or STORE_UNAVAILABLE. */
  async ask(command: Command, answer: Report['type'], timeoutMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const listener = (message: unknown) => {
      if (!isReport(message)) return
      if (message.type === 'failed') reject(PipelineError.fromJSON(message.error))
      else if (message.type === answer) resolve()
    }
    const unavailable = (why: string) =>
      reject(new PipelineError('STORE_UNAVAILABLE', `The embedded PostgreSQL ${why}`, { retryable: true }))
    const timer = setTimeout(() => unavailable(`was not ready within ${timeoutMs} ms`), timeoutMs)
    this.#process.on('message', listener)
    void this.#exited.then(() => unavailable(`ended while starting (${this.lastWords})`))
    try {
      this.send(command)
      await promise
    } finally {
      clearTimeout(timer)
      this.#process.off('message', listener)
    }
  }

  /** From here on it no longer keeps this process alive; `pong` is called for each sign of life. */
  settle(pong: () => void): void {
    this.#process.on('message', pong)
    this.#process.unref()
    this.#process.channel?.unref()
    const { stderr } = this.#process
    if (stderr !== null && 'unref' in stderr && typeof stderr.unref === 'function') stderr.unref()
  }

  /** Waits up to `timeoutMs` for its end; whether it has ended. */
  async ended(timeoutMs: number): Promise<boolean> {
    const timer = Promise.withResolvers<void>()
    const timeout = setTimeout(timer.resolve, timeoutMs)
    await Promise.race([this.#exited, timer.promise])
    clearTimeout(timeout)
    return !this.#alive
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /** Asks it to close, and kills it if it has not after `timeoutMs`. Resolves when it is gone. */
  async close(timeoutMs: number): Promise<void> {
    this.#process.ref()
    const timer = setTimeout(() => this.kill(), timeoutMs)
    this.send({ type: 'close' })
    await this.#exited
    clearTimeout(timer)
  }
}
