import { cnpj } from './documents.ts'

/**
 * A distributor. ANEEL's datasets write one company's letters in different ways; the CNPJ is what joins them. Numbers
 * that public files show are the real ones, the others are invented with right check digits.
 */
export interface Distributor {
  /** Letters in tarifas, componentes and the registry. */
  sigla: string
  /** Letters in the quality datasets (DEC/FEC). */
  qualitySigla: string
  /** Name in the subsidies. */
  shortName: string
  name: string
  cnpj: string
  uf: string
}

type Line = readonly [
  sigla: string,
  uf: string,
  name: string,
  cnpj?: string | undefined,
  qualitySigla?: string,
  shortName?: string,
]

const LINES: readonly Line[] = [
  ['CEMIG-D', 'MG', 'CEMIG DISTRIBUICAO S.A', '06981180000116', 'CEMIG-D', 'Cemig-D'],
  ['ELETROPAULO', 'SP', 'ENEL DISTRIBUICAO SAO PAULO S.A', undefined, 'ENEL SP', 'Enel SP'],
  ['COPEL-DIS', 'PR', 'COPEL DISTRIBUICAO S.A.', undefined, 'COPEL-DIS', 'Copel-Dis'],
  ['COELBA', 'BA', 'COMPANHIA DE ELETRICIDADE DO ESTADO DA BAHIA COELBA', undefined, 'COELBA', 'Neoenergia Coelba'],
  ['LIGHT SESA', 'RJ', 'LIGHT SERVICOS DE ELETRICIDADE S A', undefined, 'LIGHT', 'Light'],
  ['ENEL RJ', 'RJ', 'ENEL DISTRIBUICAO RIO S.A', undefined, 'ENEL RJ', 'Enel RJ'],
  ['ENEL CE', 'CE', 'ENEL DISTRIBUICAO CEARA S.A', undefined, 'ENEL CE', 'Enel CE'],
  ['EQUATORIAL GO', 'GO', 'EQUATORIAL GOIAS DISTRIBUIDORA DE ENERGIA S.A', undefined, 'ENEL GO', 'Equatorial GO'],
  ['CPFL-PAULISTA', 'SP', 'COMPANHIA PAULISTA DE FORCA E LUZ', undefined, 'CPFL-PAULISTA', 'CPFL Paulista'],
  ['CPFL-PIRATINING', 'SP', 'COMPANHIA PIRATININGA DE FORCA E LUZ', undefined, 'CPFL-PIRATININGA', 'CPFL Piratininga'],
  ['CPFL Santa Cruz', 'SP', 'COMPANHIA JAGUARI DE ENERGIA', '53859112000169', 'CPFL JAGUARI', 'CPFL Santa Cruz'],
  ['ELEKTRO', 'SP', 'ELEKTRO REDES S.A.', '02328280000197', 'ELEKTRO', 'Neoenergia Elektro'],
  ['EDP SP', 'SP', 'EDP SAO PAULO DISTRIBUICAO DE ENERGIA S.A.', undefined, 'EDP SP', 'EDP SP'],
  ['EDP ES', 'ES', 'EDP ESPIRITO SANTO DISTRIBUICAO DE ENERGIA S.A.', undefined, 'EDP ES', 'EDP ES'],
  ['CELESC', 'SC', 'CELESC DISTRIBUICAO S.A', undefined, 'CELESC-DIS', 'Celesc-Dis'],
  ['CEEE-D', 'RS', 'COMPANHIA ESTADUAL DE DISTRIBUICAO DE ENERGIA ELETRICA', undefined, 'CEEE-D', 'CEEE Equatorial'],
  ['EMT', 'MT', 'ENERGISA MATO GROSSO - DISTRIBUIDORA DE ENERGIA S.A.', undefined, 'EMT', 'Energisa MT'],
  ['EMS', 'MS', 'ENERGISA MATO GROSSO DO SUL - DISTRIBUIDORA DE ENERGIA S.A.', '15413826000150', 'EMS', 'Energisa MS'],
  ['Neoenergia PE', 'PE', 'COMPANHIA ENERGETICA DE PERNAMBUCO', '10835932000108', 'CELPE', 'Neoenergia Pernambuco'],
  ['EQUATORIAL PA', 'PA', 'EQUATORIAL PARA DISTRIBUIDORA DE ENERGIA S.A.', undefined, 'EQUATORIAL PA', 'Equatorial PA'],
  ['EQUATORIAL MA', 'MA', 'EQUATORIAL MARANHAO DISTRIBUIDORA DE ENERGIA S.A', undefined, 'CEMAR', 'Equatorial MA'],
  ['EQUATORIAL PI', 'PI', 'EQUATORIAL PIAUI DISTRIBUIDORA DE ENERGIA S.A', undefined, 'EQUATORIAL PI', 'Equatorial PI'],
  [
    'EQUATORIAL AL',
    'AL',
    'EQUATORIAL ALAGOAS DISTRIBUIDORA DE ENERGIA S.A.',
    undefined,
    'EQUATORIAL AL',
    'Equatorial AL',
  ],
  ['COSERN', 'RN', 'COMPANHIA ENERGETICA DO RIO GRANDE DO NORTE COSERN', undefined, 'COSERN', 'Neoenergia Cosern'],
  ['EPB', 'PB', 'ENERGISA PARAIBA - DISTRIBUIDORA DE ENERGIA S.A', '09095183000140', 'EBO', 'Energisa PB'],
  [
    'Neoenergia Brasília',
    'DF',
    'NEOENERGIA DISTRIBUICAO BRASILIA S.A.',
    '07522669000192',
    'CEB-DIS',
    'Neoenergia Brasília',
  ],
  ['ESE', 'SE', 'ENERGISA SERGIPE - DISTRIBUIDORA DE ENERGIA S.A', undefined, 'ESE', 'Energisa SE'],
  ['ERO', 'RO', 'ENERGISA RONDONIA - DISTRIBUIDORA DE ENERGIA S.A', '05914650000166', 'CERON', 'Energisa RO'],
  ['EAC', 'AC', 'ENERGISA ACRE - DISTRIBUIDORA DE ENERGIA S.A', '04065033000170', 'ELETROACRE', 'Energisa AC'],
  ['ETO', 'TO', 'ENERGISA TOCANTINS DISTRIBUIDORA DE ENERGIA S.A.', '25086034000171', 'ETO', 'Energisa TO'],
  ['Âmbar Amazonas', 'AM', 'AMAZONAS DISTRIBUIDORA DE ENERGIA S.A', '02341467000120', 'AME', 'Âmbar Amazonas'],
  ['ÂMBAR ENERGIA RR', 'RR', 'RORAIMA ENERGIA S.A', '02341470000144', 'BOA VISTA', 'Âmbar RR'],
  ['EMR', 'MG', 'ENERGISA MINAS RIO - DISTRIBUIDORA DE ENERGIA S.A.', undefined, 'EMG', 'Energisa MR'],
  ['ESS', 'SP', 'ENERGISA SUL-SUDESTE - DISTRIBUIDORA DE ENERGIA S.A.', '07282377000120', 'EDEVP', 'Energisa SS'],
  ['DMED', 'MG', 'DME DISTRIBUICAO S.A. - DMED', '23664303000104', 'DMED', 'DMED'],
  ['COCEL', 'PR', 'COMPANHIA CAMPOLARGUENSE DE ENERGIA COCEL', '75805895000130', 'COCEL', 'Cocel'],
  ['CEDRAP', 'SP', 'COOPERATIVA DE ELETRIFICACAO DA REGIAO DO ALTO PARAIBA', '60196987000193', 'CEDRAP', 'Cedrap'],
  ['SULGIPE', 'SE', 'COMPANHIA SUL SERGIPANA DE ELETRICIDADE', undefined, 'SULGIPE', 'Sulgipe'],
  ['CHESP', 'GO', 'COMPANHIA HIDROELETRICA SAO PATRICIO - CHESP', undefined, 'CHESP', 'Chesp'],
  ['CERSAD DISTRIBUI', 'SC', 'COOPERATIVA DE DISTRIBUICAO SALTO DONNER', undefined, 'CERSAD', 'Cersad'],
  ['CRERAL', 'RS', 'COOPERATIVA REGIONAL DE ELETRIFICACAO RURAL DO ALTO URUGUAI', undefined, 'CRERAL', 'Creral'],
]

/** How many permissionárias are invented after the named ones; together with the cases about the portal's 115. */
const PERMISSIONARIAS = 70
const PERMISSION_UFS = ['SC', 'RS', 'SP', 'PR', 'RJ', 'SE', 'MS']

const list: Distributor[] = LINES.map(([sigla, uf, name, number, qualitySigla, shortName], index) => ({
  sigla,
  uf,
  name,
  cnpj: number ?? cnpj(90_100_000 + index * 37),
  qualitySigla: qualitySigla ?? sigla,
  shortName: shortName ?? sigla,
}))
for (let i = 1; i <= PERMISSIONARIAS; i++) {
  const sigla = `COOPEX-${String(i).padStart(2, '0')}`
  list.push({
    sigla,
    uf: PERMISSION_UFS[i % PERMISSION_UFS.length] ?? 'SC',
    name: `COOPERATIVA FICTICIA DE ELETRIFICACAO ${i}`,
    cnpj: cnpj(90_200_000 + i * 53),
    qualitySigla: sigla,
    shortName: sigla,
  })
}

/** Distributors in the order in which files fill up: a small file has the first ones whole. */
export const DISTRIBUTORS: readonly Distributor[] = list

/**
 * Distributors that stand only in the hand-made cases of tarifas (see tables/tariff-cases.ts), so that nothing random
 * disturbs those; RGE and CEA still own units in the registry.
 */
export const CASES = {
  ceraca: { sigla: 'Ceraçá', cnpj: '09364804000144' },
  cea: { sigla: 'CEA', cnpj: '05965546000109' },
  cernhe: { sigla: 'CERNHE', cnpj: '53176038000186' },
  rge: { sigla: 'RGE', before: 'RGE SUL', cnpj: '02016440000162' },
  ceres: { sigla: 'CERES', cnpj: '31465487000101' },
} as const

const registry: Distributor[] = [
  ...list.slice(0, LINES.length),
  {
    sigla: 'RGE SUL',
    uf: 'RS',
    name: 'RGE SUL DISTRIBUIDORA DE ENERGIA S.A.',
    cnpj: CASES.rge.cnpj,
    qualitySigla: 'RGE SUL',
    shortName: 'RGE',
  },
  {
    sigla: 'CEA',
    uf: 'AP',
    name: 'COMPANHIA DE ELETRICIDADE DO AMAPA',
    cnpj: CASES.cea.cnpj,
    qualitySigla: 'CEA',
    shortName: 'CEA Equatorial',
  },
]
const byUf = new Map<string, Distributor[]>()
for (const distributor of registry) {
  const found = byUf.get(distributor.uf)
  if (found === undefined) byUf.set(distributor.uf, [distributor])
  else found.push(distributor)
}

/** The distributors that connect units in a state; every state has at least one. */
export function distributorsOf(uf: string): readonly Distributor[] {
  const found = byUf.get(uf)
  if (found === undefined) throw new RangeError(`no distributor in ${uf}`)
  return found
}
