import { PipelineError } from '../../errors.ts'
import type { Caller } from '../access/caller.ts'
import type { Gate } from '../access/gate.ts'
import type { Asked } from './credential.ts'

/** Codes by which a gate says that somebody may no longer be here; any other is trouble of its own, and changes nothing. */
const final = new Set(['API_UNKNOWN_CALLER', 'API_SCOPE', 'API_LOOPBACK_ONLY'])

/** Asks the gate again who somebody is, once for all sessions of a key: each question counts as a request of it. */
export class Rechecks {
  readonly #gate: Gate
  readonly #keepMs: number
  readonly #asked = new Map<string, { at: number; answer: Promise<Caller | undefined> }>()

  constructor(gate: Gate, keepMs: number) {
    this.#gate = gate
    this.#keepMs = keepMs
  }

  /** Who it is now; undefined when the gate cannot say. Throws API_UNKNOWN_CALLER, API_SCOPE, API_LOOPBACK_ONLY. */
  ask(credential: Asked): Promise<Caller | undefined> {
    const now = performance.now()
    const { authorization, 'x-api-key': key } = credential.headers
    const who = `${credential.address} ${authorization ?? ''} ${key ?? ''}`
    const known = this.#asked.get(who)
    if (known !== undefined && now - known.at < this.#keepMs) return known.answer
    for (const [other, { at }] of this.#asked) if (now - at >= this.#keepMs) this.#asked.delete(other)
    const answer = this.#gate.admit(credential, 'events').then(
      ({ caller }) => caller,
      (thrown: unknown) => {
        const error = PipelineError.from(thrown)
        if (final.has(error.code)) throw error
        return undefined
      },
    )
    this.#asked.set(who, { at: now, answer })
    return answer
  }
}
