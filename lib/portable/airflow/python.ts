/** Values and names of Python, as source text. */

const reserved = new Set(
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
)

/** A text as a literal in double quotes; all of ASCII, so that no editor or encoding changes it. */
export function text(value: string): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A text for people, as it reads: only what would end or change the literal is escaped. */
export function words(value: string): string {
  return JSON.stringify(value).replaceAll(/[\u007f-\u009f\u2028\u2029]/g, '')
}

/** A span of time; seconds of a flow need not be whole. */
export function span(seconds: number): string {
  return `timedelta(seconds=${seconds})`
}

/** Names of variables, each once in its function. */
export class Names {
  readonly #taken: Set<string>

  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken)
  }

  /** A name that looks like the id. */
  of(id: string): string {
    const plain = id.replaceAll(/[^A-Za-z0-9_]+/g, '_').replaceAll(/^_+|_+$/g, '') || 'x'
    const base = /^\d/.test(plain) || reserved.has(plain) ? `n_${plain}` : plain
    let name = base
    for (let number = 2; this.#taken.has(name); number++) name = `${base}_${number}`
    this.#taken.add(name)
    return name
  }
}
