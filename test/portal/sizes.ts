import type { DatasetName } from './generate/index.ts'

/** Rows of a dataset's file (of each file, for one in parts), and its parts where they are not the default ones. */
export type Size = number | { rows: number; parts?: readonly string[] }
export type DatasetSizes = Partial<Record<DatasetName, Size>>

/** Rows of a dataset that nobody asked for. */
export const UNASKED = 60

/** What the demo runs on. */
export const DEMO: DatasetSizes = {
  tarifas: 30_000,
  componentes_tarifarias: 20_000,
  mmgd: 50_000,
  gd_fotovoltaica: 30_000,
  siga: 5_000,
  agentes: 1_500,
  dec_fec: 20_000,
  dec_fec_limites: 3_000,
  indqual_municipio: 3_000,
  subsidios: 6_000,
  samp: 10_000,
}

/** Sizes by name: `small` starts at once, `medium` is the demo's, `large` is about the portal's own. */
export const PRESETS: Readonly<Record<'small' | 'medium' | 'large', DatasetSizes>> = {
  small: {
    tarifas: 1_000,
    componentes_tarifarias: 1_000,
    mmgd: 1_000,
    gd_fotovoltaica: 1_000,
    siga: 500,
    agentes: 200,
    dec_fec: 500,
    dec_fec_limites: 200,
    indqual_municipio: 300,
    subsidios: 500,
    samp: 500,
  },
  medium: DEMO,
  large: {
    tarifas: 328_293,
    componentes_tarifarias: 1_200_000,
    mmgd: 4_656_839,
    gd_fotovoltaica: 4_655_916,
    siga: 25_133,
    agentes: 12_000,
    dec_fec: 5_137_778,
    dec_fec_limites: 250_000,
    indqual_municipio: 42_699,
    subsidios: 319_040,
    samp: 643_982,
  },
}

/** The rows in a size. */
export function rowsOf(size: Size | undefined): number {
  if (size === undefined) return UNASKED
  return typeof size === 'number' ? size : size.rows
}
