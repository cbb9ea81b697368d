type Katex = typeof import('katex')

let loaded: Promise<Katex> | undefined

/** KaTeX is 280 KB and takes 30 ms: it is loaded when the first formula is there. */
async function katex(): Promise<Katex['default']> {
  loaded ??= import('katex')
  return (await loaded).default
}

const longest = 4_000

/** Why a formula does not parse, or undefined when it does. */
export async function problemOf(latex: string): Promise<string | undefined> {
  if (latex.trim() === '') return 'it is empty'
  if (latex.length > longest) return `it is longer than ${longest} characters`
  const engine = await katex()
  try {
    engine.renderToString(latex, {
      throwOnError: true,
      displayMode: true,
      output: 'mathml',
      strict: 'ignore',
      trust: false,
      maxExpand: 200,
    })
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
