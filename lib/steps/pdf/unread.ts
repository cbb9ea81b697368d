import { readFile } from 'node:fs/promises'
import { PipelineError } from '../../errors.ts'
import { openOllama } from '../../models/ollama.ts'
import { reveal } from '../../secrets/reveal.ts'
import type { StepContext } from '../step.ts'
import type { Formula, PageFormulas, UnreadFormula } from './formulas/model.ts'
import { readPictures } from './formulas/read-pictures.ts'
import { visionReader } from './formulas/vision.ts'
import type { PdfConfig } from './step-schema.ts'

/** Formulas that could not be read from the page and that a vision model may be shown. */
export class Unread {
  /** More of one document are not kept: a model needs seconds for each. */
  static readonly most = 200
  readonly #formulas: UnreadFormula[] = []

  add({ unread }: PageFormulas): void {
    this.#formulas.push(...unread.slice(0, Math.max(0, Unread.most - this.#formulas.length)))
  }

  /**
   * What the configured model reads of them; nothing where server or model is not configured. A model that does not answer is no reason to lose the
   * document: that is said in `problem`.
   */
  async read(
    key: string,
    { ollama, visionModel, password }: PdfConfig,
    { stores, signal }: Pick<StepContext, 'stores' | 'signal'>,
  ): Promise<{ formulas: Formula[]; problem: string | undefined }> {
    if (ollama === undefined || visionModel === '' || this.#formulas.length === 0)
      return { formulas: [], problem: undefined }
    try {
      const opens = await reveal(password, signal)
      const bytes = await stores.objects.withFile(key, (file) => readFile(file), { signal })
      const { formulas } = await readPictures(bytes, this.#formulas, {
        reader: visionReader(openOllama(ollama), { model: visionModel }),
        signal,
        most: Unread.most,
        ...(opens === '' ? {} : { password: opens }),
      })
      return { formulas, problem: undefined }
    } catch (thrown) {
      const { code, message } = PipelineError.from(thrown, 'PDF_FAILED')
      if (signal.aborted) throw thrown
      return { formulas: [], problem: `formulas in pictures stay unread: ${code}: ${message}` }
    }
  }
}
