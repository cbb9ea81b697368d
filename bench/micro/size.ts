import { type DatasetSizes, PRESETS } from '../../test/portal/server.ts'

/** Of the generated data. */
export const seed = 1

/** How much there is to do. */
export interface Size {
  datasets: DatasetSizes
  documents: number
  pagesEach: number
  /** Documents that the second day brings. */
  newDocuments: number
  /** Chunks that the index must have at least. */
  chunks: number
}

/** The promise's figures; the other datasets have the demo's sizes. */
export const whole: Size = {
  datasets: { ...PRESETS.medium, tarifas: 330_000, mmgd: 1_000_000 },
  documents: 100,
  pagesEach: 20,
  newDocuments: 2,
  chunks: 5_000,
}

/** For CI: every part of it, in seconds. */
export const small: Size = {
  datasets: { ...PRESETS.small, tarifas: 3_000, mmgd: 5_000 },
  documents: 3,
  pagesEach: 4,
  newDocuments: 1,
  chunks: 20,
}
