/** What is shown to people of a page: plain data, also for the editor. */

/** A table in few words. */
export interface TableGlimpse {
  near: string[]
  titles: string[]
  columns: string[]
  rows: number
}

/** One way in which two layouts differ; `was` or `is` is blank for what came or went. */
export interface LayoutChange {
  where: string
  was: string
  is: string
}
