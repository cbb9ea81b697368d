/** What the page's own script (`page/inspect.ts`) tells of what a person sees. */
export interface Seen {
  /** Texts that do not fit where they stand. */
  clipped: string[]
  /** Texts whose contrast with what is behind them is too low, each with its ratio. */
  faint: string[]
}

/** A value that the form must refuse. */
export interface Refused {
  field: string
  value: string
}

/** What the form said to a value that it must refuse, and after it was set right again. */
export interface Answer {
  field: string
  marked: boolean
  said: string
  stillMarked: boolean
}

/** A value for a field of the form. */
export interface Chosen {
  field: string
  widget: string
  value: string | boolean | readonly string[]
}

/** The functions that the script puts on `window.ysh`. `prefix` begins the ids of the form's fields. */
export interface Inspect {
  look(): Seen
  /** Nodes on the canvas and in the palette, whose icons are drawn in one colour. */
  nodes(icon: string): Seen
  refuse(prefix: string, values: readonly Refused[]): Answer[]
  choose(prefix: string, values: readonly Chosen[]): void
  /** What stands in the fields. */
  read(prefix: string, fields: readonly { field: string; widget: string }[]): Record<string, unknown>
}
