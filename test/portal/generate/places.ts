import { hash, seedOf } from './random.ts'

/** A state: letters, IBGE code, region as the registry writes it, weight in solar units, and the middle of it. */
interface State {
  uf: string
  code: string
  region: readonly [code: string, name: string]
  weight: number
  latitude: number
  longitude: number
}

/** A municipality, with its state's fields beside it because rows need them together. */
export interface Town {
  code: string
  name: string
  uf: string
  stateCode: string
  regionCode: string
  regionName: string
  /** Hundredths of a degree. */
  latitude: number
  longitude: number
}

const NORTH = ['2', 'Norte'] as const
const NORTHEAST = ['1', 'Nordeste'] as const
const MIDWEST = ['3', 'Centro Oeste'] as const
const SOUTHEAST = ['4', 'Sudeste'] as const
const SOUTH = ['5', 'Sul'] as const

type Line = readonly [
  uf: string,
  region: readonly [string, string],
  weight: number,
  latitude: number,
  longitude: number,
  capital: string,
  capitalCode: string,
]
const LINES: readonly Line[] = [
  ['RO', NORTH, 9, -1083, -6334, 'Porto Velho', '1100205'],
  ['AC', NORTH, 3, -906, -7006, 'Rio Branco', '1200401'],
  ['AM', NORTH, 5, -417, -6471, 'Manaus', '1302603'],
  ['RR', NORTH, 2, 181, -6136, 'Boa Vista', '1400100'],
  ['PA', NORTH, 18, -474, -5269, 'Belém', '1501402'],
  ['AP', NORTH, 2, 148, -5192, 'Macapá', '1600303'],
  ['TO', NORTH, 10, -1018, -4830, 'Palmas', '1721000'],
  ['MA', NORTHEAST, 15, -506, -4528, 'São Luís', '2111300'],
  ['PI', NORTHEAST, 12, -739, -4276, 'Teresina', '2211001'],
  ['CE', NORTHEAST, 21, -514, -3938, 'Fortaleza', '2304400'],
  ['RN', NORTHEAST, 14, -581, -3659, 'Natal', '2408102'],
  ['PB', NORTHEAST, 13, -724, -3678, 'João Pessoa', '2507507'],
  ['PE', NORTHEAST, 20, -838, -3786, 'Recife', '2611606'],
  ['AL', NORTHEAST, 9, -957, -3678, 'Maceió', '2704302'],
  ['SE', NORTHEAST, 6, -1057, -3745, 'Aracaju', '2800308'],
  ['BA', NORTHEAST, 33, -1258, -4170, 'Salvador', '2927408'],
  ['MG', SOUTHEAST, 62, -1851, -4455, 'Belo Horizonte', '3106200'],
  ['ES', SOUTHEAST, 12, -1919, -4034, 'Vitória', '3205309'],
  ['RJ', SOUTHEAST, 26, -2219, -4266, 'Rio de Janeiro', '3304557'],
  ['SP', SOUTHEAST, 100, -2219, -4879, 'São Paulo', '3550308'],
  ['PR', SOUTH, 52, -2489, -5155, 'Curitiba', '4106902'],
  ['SC', SOUTH, 34, -2733, -4944, 'Florianópolis', '4205407'],
  ['RS', SOUTH, 57, -3017, -5350, 'Porto Alegre', '4314902'],
  ['MS', MIDWEST, 20, -2051, -5454, 'Campo Grande', '5002704'],
  ['MT', MIDWEST, 34, -1264, -5542, 'Cuiabá', '5103403'],
  ['GO', MIDWEST, 30, -1598, -4986, 'Goiânia', '5208707'],
  ['DF', MIDWEST, 9, -1583, -4786, 'Brasília', '5300108'],
]

const FIRST = [
  'São João',
  'Santa Rita',
  'Nova Esperança',
  'Campo Alegre',
  'Água Boa',
  'Monte Belo',
  'Vila Aurora',
  'Córrego Fundo',
]
const SECOND = ['do Norte', 'do Sul', 'da Serra', 'd´Oeste', 'do Exemplo']

/** The seventh digit of an IBGE municipality code. */
function checkDigit(six: string): number {
  let sum = 0
  for (let i = 0; i < 6; i++) {
    const product = Number(six[i]) * (i % 2 === 0 ? 1 : 2)
    sum += product > 9 ? product - 9 : product
  }
  return (10 - (sum % 10)) % 10
}

function townsOf(state: State, capital: string, capitalCode: string): Town[] {
  const make = (code: string, name: string): Town => {
    const h = hash(seedOf(code), 1)
    return {
      code,
      name,
      uf: state.uf,
      stateCode: state.code,
      regionCode: state.region[0],
      regionName: state.region[1],
      latitude: state.latitude + (h % 300) - 150,
      longitude: state.longitude + ((h >>> 10) % 300) - 150,
    }
  }
  const towns = [make(capitalCode, capital)]
  if (state.uf === 'DF') return towns
  for (let i = 0; i < FIRST.length * SECOND.length; i++) {
    const six = `${state.code}${String(100 + i * 53).padStart(4, '0')}`
    if (six === capitalCode.slice(0, 6)) continue
    const name = `${FIRST[i % FIRST.length]} ${SECOND[Math.floor(i / FIRST.length)]}`
    towns.push(make(`${six}${checkDigit(six)}`, name))
  }
  return towns
}

const states: State[] = []
const all: Town[] = []
const weighted: Town[] = []
for (const [uf, region, weight, latitude, longitude, capital, capitalCode] of LINES) {
  const state = { uf, code: capitalCode.slice(0, 2), region, weight, latitude, longitude }
  states.push(state)
  const towns = townsOf(state, capital, capitalCode)
  all.push(...towns)
  // Eight places in the draw for each unit of weight, a quarter of them the capital's.
  for (let i = 0; i < weight * 8; i++) {
    const town = i % 4 === 0 ? towns[0] : towns[i % towns.length]
    if (town !== undefined) weighted.push(town)
  }
}

/** The letters of the 27 states, in the order of their IBGE codes. */
export const UFS: readonly string[] = states.map((state) => state.uf)
/** Every municipality: the real capitals, and invented ones with codes of the right form. */
export const TOWNS: readonly Town[] = all
/** Municipalities repeated by the weight of their state, for a draw. */
export const WEIGHTED_TOWNS: readonly Town[] = weighted
