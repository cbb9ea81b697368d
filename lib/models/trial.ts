/** What a server says when it is tried. */
export interface OllamaTrial {
  /** Scheme, host and port. */
  place: string
  version: string
  /** Names with tags, as the server lists them; sizes in bytes. */
  models: { name: string; size: number | null }[]
}
