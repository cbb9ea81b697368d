/** Characters of a heading that are kept, and headings of a path. */
const mostLength = 120
const mostHeadings = 5

/** Words that begin parts of an act, the largest first; an article closes the path. */
const actParts: readonly RegExp[] = [
  /^(?:t[ií]tulo|anexo|livro|parte)\s+(?:[ivxlcdm]+|[úu]nic[oa]|[a-z]|\d+)\b/i,
  /^(?:cap[ií]tulo|m[óo]dulo)\s+(?:[ivxlcdm]+|[úu]nico|\d+)/i,
  /^se[cç][aã]o\s+(?:[ivxlcdm]+|[úu]nica|\d+(?:\.\d+)*)/i,
  /^subse[cç][aã]o\s+(?:[ivxlcdm]+|[úu]nica|\d+)/i,
]
const article = /^\s*art(?:igo)?\.?\s*(\d{1,3}(?:\.\d{3})+|\d{1,4})\s*(?:[ºo°ª])?\s*(?:-\s*([A-Z]))?(?=[\s.\-–—:]|$)/i
const numbered = /^(\d{1,2}(?:\.\d{1,2}){0,5})\.?\s+\p{L}/u

/**
 * Follows a document's headings: which path each paragraph stands under. Levels: parts of an act by their names, numbered headings by their number,
 * others by how large they are written.
 */
export class Outline {
  #path: { rank: number; text: string }[] = []
  #article: string | undefined
  /** The last thing was the name of an act's part, whose title often stands in the next line. */
  #untitled = false

  get headings(): string[] {
    const path = this.#path.map(({ text }) => text)
    if (this.#article !== undefined) path.push(this.#article)
    return path.slice(-mostHeadings)
  }

  get inArticle(): boolean {
    return this.#article !== undefined
  }

  /** Takes a text as the title of the part whose name came right before: `CAPÍTULO II`, `DAS TARIFAS`. */
  title(text: string): boolean {
    const last = this.#path.at(-1)
    if (!this.#untitled || last === undefined || text.length > mostLength || articleOf(text) !== undefined) return false
    if (namedRank(text) !== undefined || /[.;:]$/.test(text)) return false
    this.#untitled = false
    last.text = `${last.text} ${text.replace(/\s+/g, ' ').trim()}`.slice(0, mostLength)
    return true
  }

  /** A heading. `rank`: the smaller, the higher, such as Markdown's number of `#`, or minus its size of type. */
  heading(text: string, rank: number): void {
    this.#article = undefined
    const clean = text.replace(/\s+/g, ' ').trim().slice(0, mostLength)
    if (clean === '') return
    while ((this.#path.at(-1)?.rank ?? Number.NEGATIVE_INFINITY) >= rank) this.#path.pop()
    this.#path.push({ rank, text: clean })
    this.#untitled = rank > 0 && rank <= actParts.length && clean.length < 20
  }

  /** Looks whether a paragraph begins an article; its text stays a paragraph all the same. */
  paragraph(text: string): void {
    this.#untitled = false
    const name = articleOf(text)
    if (name !== undefined) this.#article = name
  }
}

/** `Art. 5º` of a paragraph that begins one. A quote or a reference in mid-sentence begins none. */
export function articleOf(text: string): string | undefined {
  const match = article.exec(text)
  if (match?.[1] === undefined) return undefined
  // "Art. 5º da Lei nº 9.427 …" at the beginning of a line is a broken reference, not an article
  if (/^\s*(?:,|d[aoe]s?\s+(?:lei|decreto|resolu|constitui|anexo))/i.test(text.slice(match[0].length))) return undefined
  const number = match[1].replaceAll('.', '')
  return `Art. ${number}${Number(number) < 10 ? 'º' : ''}${match[2] === undefined ? '' : `-${match[2].toUpperCase()}`}`
}

/** The rank of a part of an act, or of a numbered heading; undefined for other texts. Ranks of others lie between -100 and 0. */
export function namedRank(text: string): number | undefined {
  const part = actParts.findIndex((pattern) => pattern.test(text))
  if (part >= 0) return part + 1
  const number = numbered.exec(text)?.[1]
  return number === undefined ? undefined : 10 + number.split('.').length
}

/** Whether a line of plain text is a heading by its words alone: only parts of acts are, anything else would be a guess. */
export function isPlainHeading(text: string): boolean {
  return text.length <= 150 && actParts.some((pattern) => pattern.test(text)) && !/[.;:,]$/.test(text)
}
