import { createHash } from 'node:crypto'

/** Names of one namespace (the types of a GraphQL schema, the fields of a type, the schemas of OpenAPI), each given once. */
export class Names {
  readonly #taken: Set<string>

  constructor(taken: Iterable<string> = []) {
    this.#taken = new Set(taken)
  }

  /**
   * The name of something: `wanted` in letters that GraphQL and programming languages allow. When it, or it with one of the endings, is
   * taken already, a hash of `identity` is added, so that two things that look alike in those letters have two names, the same ones each time.
   */
  give(wanted: string, identity: string, endings: readonly string[] = []): string {
    const plain = legal(wanted)
    const free = (name: string) => [name, ...endings.map((ending) => name + ending)].every((n) => !this.#taken.has(n))
    const short = createHash('sha256').update(identity).digest('hex')
    let name = plain
    for (let length = 6; !free(name); length += 6) name = `${plain}_${short.slice(0, length)}`
    for (const each of [name, ...endings.map((ending) => name + ending)]) this.#taken.add(each)
    return name
  }
}

/** `aneel.gd_fotovoltaica` as `AneelGdFotovoltaica`. */
export function pascal(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('')
}

/** `aneel.gd_fotovoltaica` as `aneelGdFotovoltaica`. */
export function camel(name: string): string {
  const text = pascal(name)
  return text.slice(0, 1).toLowerCase() + text.slice(1)
}

/** Letters, digits and `_`; neither a digit in front nor the `__` that GraphQL keeps for itself. */
function legal(name: string): string {
  const text = name.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^_+(?=_)/, '')
  return /^[A-Za-z_]/.test(text) ? text : `_${text}`
}
