import type { Table } from './table.ts'
import { agentes } from './tables/agentes.ts'
import { bandeiraAcionamento, bandeiraAdicional } from './tables/bandeiras.ts'
import { componentes } from './tables/componentes.ts'
import { decFec, decFecLimites, dominioIndicadores } from './tables/continuidade.ts'
import { fotovoltaica } from './tables/fotovoltaica.ts'
import { indqualMunicipio } from './tables/indqual.ts'
import { mmgd } from './tables/mmgd.ts'
import { samp } from './tables/samp.ts'
import { siga } from './tables/siga.ts'
import { subsidios } from './tables/subsidios.ts'
import { tarifas } from './tables/tarifas.ts'

/** Every dataset that has a generator. */
export const TABLES = {
  tarifas,
  componentes_tarifarias: componentes,
  bandeira_acionamento: bandeiraAcionamento,
  bandeira_adicional: bandeiraAdicional,
  mmgd,
  gd_fotovoltaica: fotovoltaica,
  siga,
  agentes,
  dec_fec: decFec,
  dec_fec_limites: decFecLimites,
  dominio_indicadores: dominioIndicadores,
  indqual_municipio: indqualMunicipio,
  subsidios,
  samp,
} as const satisfies Record<string, Table>

export type DatasetName = keyof typeof TABLES

/** The names, in the order above. */
export const DATASETS: readonly DatasetName[] = Object.keys(TABLES).filter(isDataset)

export function isDataset(name: string): name is DatasetName {
  return Object.hasOwn(TABLES, name)
}

/** The table of a dataset, as the general type. */
export function tableOf(dataset: DatasetName): Table {
  return TABLES[dataset]
}
