import { createHash } from 'node:crypto'
import { PipelineError } from '../../../errors.ts'
import type { ChatAnswer, ChatMessage, LanguageModel } from '../../../models/port.ts'
import { hashOf } from '../../../runs/identity.ts'
import type { Language } from '../../language.ts'
import { defuse } from '../content/defuse.ts'
import type { JsonSchema } from '../fields/field-schema.ts'
import { phrases, promptVersion } from '../prompts.ts'
import type { Answers } from './answers.ts'
import type { Verdict } from './verdict.ts'

/** One question to a model, and what an answer must be. */
export interface Question<T> {
  system: string
  user: string
  images?: readonly Uint8Array[]
  format: JsonSchema | undefined
  maxTokens: number
  /** Of the prompts. */
  language: Language
  /** Pure: an answer from before is checked by it again. */
  check(answer: ChatAnswer): Verdict<T> | Promise<Verdict<T>>
}

/** An answer that holds, or why none did. */
export type Asked<T> = { value: T } | { rejected: string[] }

/** What a {@link Asker} needs. */
export interface AskerOptions {
  llm: LanguageModel
  model: string
  /** SHA-256 of the model's files. */
  digest: string
  contextTokens: number
  answers: Answers
  /** Whether answers from before are taken. */
  reuse: boolean
  /** The server is away: only answers from before are there, and this is thrown when there is none. */
  away: PipelineError | undefined
  signal: AbortSignal
  /** Told now and then while an answer is under way. */
  onWork?(): void
}

/** Asks one model, checks what it says, and counts what it costs. */
export class Asker {
  readonly #options: AskerOptions
  questionTokens = 0
  answerTokens = 0
  /** Requests that went to the model. */
  asked = 0

  constructor(options: AskerOptions) {
    this.#options = options
  }

  /**
   * Asks until an answer holds: one try to mend the form, one more when it is not faithful, then it is rejected. Throws what the model's
   * port throws.
   */
  async ask<T>(question: Question<T>): Promise<Asked<T>> {
    const key = this.#keyOf(question)
    const { answers, reuse, away, digest, model } = this.#options
    const before = reuse ? await answers.read(key) : undefined
    if (before !== undefined && 'rejected' in before) return before
    if (before !== undefined) {
      const verdict = await question.check({ text: before.answer, cut: false, questionTokens: 0, answerTokens: 0 })
      // checks that have become stricter since count too
      if ('value' in verdict) return verdict
    }
    if (away !== undefined) throw away
    const { outcome, text } = await this.#converse(question)
    await answers.write(key, 'value' in outcome ? { answer: text } : outcome, { model, digest })
    return outcome
  }

  async #converse<T>(question: Question<T>): Promise<{ outcome: Asked<T>; text: string }> {
    const { images } = question
    const says = phrases[question.language]
    const first: ChatMessage = { role: 'user', content: question.user, ...(images === undefined ? {} : { images }) }
    const rejected: string[] = []
    let messages = [first]
    let repaired = false
    let corrected = false
    for (;;) {
      const answer = await this.#chat(question, messages)
      const verdict = await question.check(answer)
      if ('value' in verdict) return { outcome: verdict, text: answer.text }
      const formless = 'formless' in verdict
      const problems = formless ? verdict.formless : verdict.unfaithful
      rejected.push(...problems)
      if (formless ? repaired : corrected) return { outcome: { rejected: [...new Set(rejected)] }, text: answer.text }
      if (formless) repaired = true
      else corrected = true
      // only the last answer: what was wrong with the one before is settled
      messages = [
        first,
        // what it was talked into must not open another turn either
        { role: 'assistant', content: defuse(answer.text) },
        { role: 'user', content: formless ? says.formless(problems) : says.unfaithful(problems) },
      ]
    }
  }

  async #chat(question: Question<unknown>, messages: ChatMessage[]): Promise<ChatAnswer> {
    const { llm, model, contextTokens, signal, onWork } = this.#options
    const request = () =>
      llm.chat({
        model,
        system: question.system,
        messages,
        ...(question.format === undefined ? {} : { format: question.format }),
        maxTokens: question.maxTokens,
        contextTokens,
        signal,
        onText: () => onWork?.(),
      })
    this.asked += 1
    const answer = await request().catch((thrown: unknown) => {
      // an answer that broke on its way is worth a second try; everything else is for whoever asked
      if (!(thrown instanceof PipelineError) || thrown.code !== 'MODEL_ANSWER') throw thrown
      this.asked += 1
      return request()
    })
    this.questionTokens += answer.questionTokens
    this.answerTokens += answer.answerTokens
    // the server cuts a question that does not fit at its beginning, where the order stands: the answer is worth nothing
    if (answer.questionTokens >= contextTokens - 1) {
      throw new PipelineError(
        'ENRICH_TOO_LONG',
        `A part of the document fills the whole context of ${contextTokens} tokens: raise the context`,
      )
    }
    return answer
  }

  #keyOf({ system, user, images = [], format, maxTokens }: Question<unknown>): string {
    const { digest, contextTokens } = this.#options
    const pictures = images.map((bytes) => createHash('sha256').update(bytes).digest('hex'))
    return hashOf([promptVersion, digest, contextTokens, maxTokens, format ?? null, system, user, pictures])
  }
}
