import { type ChildProcess, fork } from 'node:child_process'
import { parser } from '../../../schema.ts'
import { sibling } from '../../../sibling.ts'
import { type Ask, type OcrStart, outOfMemory } from './messages.ts'
import type { OcrText } from './model.ts'
import { ReplySchema } from './reply.ts'

const replies = parser(ReplySchema, "The recognising process's message")

const mostStderr = 1_000

/** The process that recognises, from its parent's side: one page after the other. It starts with the first, and anew after it has died. */
export class OcrProcess {
  readonly #start: OcrStart
  #process: ChildProcess | undefined
  #stderr = ''

  constructor(start: OcrStart) {
    this.#start = start
  }

  /** The text of a page; undefined when nothing legible is on it. Rejects with an Error that says in words what went wrong, or with what the signal was aborted with. */
  async recognise(ask: Ask, signal: AbortSignal): Promise<OcrText | undefined> {
    signal.throwIfAborted()
    const child = this.#started()
    const { promise, resolve, reject } = Promise.withResolvers<OcrText | undefined>()
    const heard = (value: unknown) => {
      try {
        const said = replies.parse(value)
        if (said.type === 'page') resolve(said.text)
        else reject(new Error(said.problem))
      } catch (error) {
        reject(error)
      }
    }
    const abort = () => reject(signal.reason)
    const failed = (error: Error) => reject(error)
    const exited = (code: number | null, end: NodeJS.Signals | null) =>
      reject(new Error(code === outOfMemory ? this.#tooMuch() : this.#words(end ?? `code ${code}`)))
    signal.addEventListener('abort', abort, { once: true })
    child.on('message', heard)
    child.on('error', failed)
    child.on('exit', exited)
    try {
      child.send(ask, (error) => {
        if (error !== null) reject(error)
      })
      return await promise
    } catch (error) {
      // what is still under way would be taken for the next page
      this.stop()
      throw error
    } finally {
      signal.removeEventListener('abort', abort)
      child.off('message', heard)
      child.off('error', failed)
      child.off('exit', exited)
    }
  }

  #tooMuch(): string {
    return `the page takes more than ${this.#start.memoryMb} MB of memory`
  }

  #words(end: string): string {
    return [`the recognising process ended (${end})`, this.#stderr.trim()].filter((part) => part !== '').join(': ')
  }

  #started(): ChildProcess {
    if (this.#process !== undefined) return this.#process
    // nothing of our own command line and options is meant for it
    const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _test, NODE_CHANNEL_FD: _channel, ...env } = process.env
    const child = fork(sibling(import.meta.url, 'child'), [JSON.stringify(this.#start)], {
      execArgv: [],
      env,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    })
    this.#stderr = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-mostStderr)
    })
    // an error that comes when nobody waits is told by the next page
    child.on('error', () => undefined)
    child.on('exit', () => {
      if (this.#process === child) this.#process = undefined
    })
    this.#process = child
    return child
  }

  /** Ends the process. */
  stop(): void {
    this.#process?.kill('SIGKILL')
    this.#process = undefined
  }
}
