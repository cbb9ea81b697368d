import { parser, Type } from '../../../schema.ts'

/** How a kind of vision model is asked for a formula, and how its answer is read. */
export interface ModelAdapter {
  prompt: string
  /** JSON schema that the answer has to follow; models made for OCR know none. */
  format: Record<string, unknown> | undefined
  /** The LaTeX in an answer, without dollars and the like; undefined when there is none. */
  latex(answer: string): string | undefined
}

const answer = Type.Object({ latex: Type.String({ maxLength: 4_000 }) })
const json = parser(answer, 'The answer of the vision model', 'MODEL_ANSWER')

/** The name of an adapter. */
export type AdapterName = 'json' | 'markdown' | 'doctags'

/** General vision models answer in JSON; those made for OCR in Markdown or in tags of their own. */
export const adapters: Readonly<Record<AdapterName, ModelAdapter>> = {
  json: {
    prompt:
      'The picture shows one formula. Write it as LaTeX that KaTeX can read: exactly what is printed, with its sub- and superscripts, without ' +
      'the number beside it, without dollar signs. If there is no formula, give an empty string.',
    format: {
      type: 'object',
      properties: { latex: { type: 'string' } },
      required: ['latex'],
    },
    latex: (text) => bare(json.parse(parsed(text)).latex),
  },
  markdown: { prompt: 'Free OCR.', format: undefined, latex: bare },
  doctags: {
    prompt: 'Convert formula to LaTeX.',
    format: undefined,
    latex: (text) => bare(/<formula>(.*?)<\/formula>/s.exec(text)?.[1]?.replaceAll(/<loc_\d+>/g, '') ?? text),
  },
}

/** The adapter for a model, by its name; one that is not known answers in JSON. */
export function adapterOf(model: string): AdapterName {
  if (/deepseek-ocr|olmocr|nanonets|got-ocr|paddleocr/i.test(model)) return 'markdown'
  return /docling/i.test(model) ? 'doctags' : 'json'
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\s*```(?:json)?|```\s*$/g, ''))
  } catch {
    // what is cut off or no JSON fails the schema
    return undefined
  }
}

/** The formula itself: out of a code block, dollars, brackets, or an environment that only numbers it. */
function bare(text: string): string | undefined {
  let latex = text.trim().replaceAll(/^```(?:latex|tex)?\s*|\s*```$/g, '')
  const marked =
    /\$\$(.+?)\$\$/s.exec(latex) ??
    /\\\[(.+?)\\\]/s.exec(latex) ??
    /\\\((.+?)\\\)/s.exec(latex) ??
    /\$(.+?)\$/s.exec(latex)
  latex = marked?.[1] ?? latex
  latex = latex
    .replaceAll(/\\(?:begin|end)\{(?:equation|displaymath|math)\*?\}/g, '')
    .replaceAll(/\\(?:tag|label)\*?\{[^{}]*\}/g, '')
  latex = latex.trim()
  return latex === '' ? undefined : latex
}
