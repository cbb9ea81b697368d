import * as calendar from '../calendar.ts'
import { distributorsOf } from '../distributors.ts'
import { cnpj, maskedCpf } from '../documents.ts'
import { dotted9, hundredths } from '../numbers.ts'
import { type Town, WEIGHTED_TOWNS } from '../places.ts'
import { hash, mix, pick } from '../random.ts'
import { columns, oneFile, type Table } from '../table.ts'

/** What the registry and the technical file both know of a unit. */
export interface Unit {
  h: number
  town: Town
  /** `GD.UF.nnn.nnn.nnn` */
  code: string
  /** Day of the connection; the sentinel year 1900 in a few. */
  connected: number
  /** Hundredths of kW. */
  power: number
}

const SENTINEL = calendar.dayOf('1900-01-01')

/** Unit `index` of the country. Every 97th is not photovoltaic. */
export function unit(seed: number, index: number, today: number): Unit {
  const h = hash(seed, index)
  const town = pick(WEIGHTED_TOWNS, h)
  const h2 = mix(h + 1)
  // 46 units in 4.6 million have the year 1900; here one in a thousand, so that a small file has some.
  const connected = index % 1000 === 77 ? SENTINEL : today - 12 - (h2 % 4200)
  const power = h % 41 === 0 ? 7_600 + (h2 % 400_000) : 120 + (h2 % 1300)
  return { h, town, code: `GD.${town.uf}.${dotted9(index * 3 + 590)}`, connected, power }
}

/** The registry's index of the technical file's unit `index`: the others are skipped. */
export function solarIndex(index: number): number {
  const round = Math.floor(index / 96)
  const rest = index % 96
  return round * 97 + (rest < 5 ? rest : rest + 1)
}

const CLASSES = [
  ['RE', 'Residencial', 'B1'],
  ['RE', 'Residencial', 'B1'],
  ['RE', 'Residencial', 'B1'],
  ['RE', 'Residencial', 'B1'],
  ['RE', 'Residencial', 'B1'],
  ['RE', 'Residencial', 'B1'],
  ['CO', 'Comercial', 'B3'],
  ['CO', 'Comercial', 'B3'],
  ['RU', 'Rural', 'B2'],
  ['RU', 'Rural', 'B2'],
  ['IN', 'Industrial', 'A4'],
  ['PP', 'Poder Público', 'B3'],
  ['IP', 'Iluminação pública', 'B4'],
  ['REBR', 'Residencial baixa renda', 'B1'],
  ['CO', 'Comercial', 'A3a'],
  ['IN', 'Industrial', 'AS'],
] as const
const OTHER_SOURCES = [
  ['EOL', 'Cinética do vento'],
  ['UTE', 'Biogás - RA'],
  ['CGH', 'Potencial hidráulico'],
] as const
const MODALITIES = [
  'Geracao na propria UC',
  'Geracao na propria UC',
  'Geracao na propria UC',
  'Auto consumo remoto',
  'Compartilhada',
] as const
const NO_OWNER = ['', '', '', ''] as const

/** Invented owners: companies and persons called FICTICIA, persons mostly masked as the portal masks them. */
function owner(town: Town, h: number): readonly [kind: string, document: string, name: string, postal: string] {
  const five = 10_000 + (hash(5, Number(town.code)) % 89_000)
  if (h % 5 === 0) {
    const number = (h >>> 4) % 9_000_000
    return ['PJ', cnpj(91_000_000 + number), `EMPRESA FICTICIA ${number} LTDA`, `${five}000`]
  }
  const name = h % 9 === 1 ? `PESSOA FICTICIA ${h % 100_000}` : '***'
  return ['PF', maskedCpf(h >>> 3), name, `${five}***`]
}

/** A coordinate in degrees with two decimals. In a few rows the decimal comma is lost. */
function degrees(value: number, lost: boolean): string {
  return lost ? String(value) : hundredths(value)
}

/**
 * The registry of distributed generation. Quirks, each at a fixed rate of about one in a thousand where the real one is
 * rarer: blank source, owner, modality and coordinates, coordinates without the comma, municipality codes of six digits,
 * the year 1900, `A3A` beside `A3a`, class `REBR`, letters cut at 16, blank letters of CRERAL, two columns that are
 * blank in every row.
 */
export const mmgd: Table = {
  columns: columns(
    'DatGeracaoConjuntoDados date',
    'AnmPeriodoReferencia month',
    'NumCNPJDistribuidora cnpj',
    'SigAgente',
    'NomAgente',
    'CodClasseConsumo',
    'DscClasseConsumo',
    'CodSubGrupoTarifario',
    'DscSubGrupoTarifario',
    'CodUFibge',
    'SigUF',
    'CodRegiao',
    'NomRegiao',
    'CodMunicipioIbge',
    'NomMunicipio',
    'CodCEP',
    'SigTipoConsumidor',
    'NumCPFCNPJ',
    'NomTitularEmpreendimento',
    'CodEmpreendimento',
    'DthAtualizaCadastralEmpreend date 2000',
    'SigModalidadeEmpreendimento',
    'DscModalidadeHabilitado',
    'QtdUCRecebeCredito integer',
    'SigTipoGeracao',
    'DscFonteGeracao',
    'DscPorte',
    'NumCoordNEmpreendimento decimal 2',
    'NumCoordEEmpreendimento decimal 2',
    'MdaPotenciaInstaladaKW decimal 2',
    'NomSubEstacao',
    'NumCoordESub decimal 2',
    'NumCoordNSub decimal 2',
  ),
  key: ['CodEmpreendimento'],
  hasQuotes: false,
  family: 'mmgd',
  parts: oneFile,
  // 2,467 repeats in 3,913,121 rows on 2026-01-16.
  repeats: (rows) => (rows < 60 ? 0 : Math.max(2, Math.round((rows * 2467) / 3_913_121))),
  open(context) {
    const { seed, today, generated } = context
    const { year, month } = calendar.parts(today)
    const reference = `${String(month).padStart(2, '0')}/${year}`
    const make = (index: number, more: number): string[] => {
      const { h, town, code, connected, power } = unit(seed, index, today)
      const h3 = mix(h + 2)
      const rare = index % 1000
      const distributor = pick(distributorsOf(town.uf), h3 >>> 5)
      const [classCode, className, subgroup] = pick(CLASSES, h3)
      const [kind, document, name, postal] = rare === 211 || rare === 611 ? NO_OWNER : owner(town, h3)
      const solar = index % 97 !== 5
      const [type, source] = rare === 233 ? ['', ''] : solar ? ['UFV', 'Radiação solar'] : pick(OTHER_SOURCES, h3 >>> 4)
      const placed = rare !== 251
      const lost = rare === 271
      const large = power > 100_000
      return [
        generated,
        reference,
        distributor.cnpj,
        distributor.sigla === 'CRERAL' ? '' : distributor.sigla,
        distributor.name,
        classCode,
        className,
        '',
        subgroup === 'A3a' && rare % 100 === 7 ? 'A3A' : subgroup,
        town.stateCode,
        rare === 291 ? '' : town.uf,
        town.regionCode,
        town.regionName,
        rare === 311 ? town.code.slice(0, 6) : town.code,
        town.name,
        postal,
        kind,
        document,
        name,
        code,
        calendar.iso(connected),
        '',
        rare === 331 ? '' : pick(MODALITIES, h3 >>> 8),
        h3 % 7 === 0 ? String(1 + ((h3 >>> 12) % 40)) : '1',
        type,
        source,
        power > 7500 ? 'Minigeracao' : 'Microgeracao',
        placed ? degrees(town.latitude + ((h3 >>> 6) % 20), lost) : '',
        placed ? degrees(town.longitude + ((h3 >>> 11) % 20), lost) : '',
        hundredths(power + more),
        large ? `SE ${town.name}` : '',
        large ? hundredths(town.longitude) : '',
        large ? hundredths(town.latitude) : '',
      ]
    }
    return {
      row: (index, revision) => make(index, revision * 150),
      // Most repeats are the same unit again, one in four with another power.
      repeat: (index, ordinal) => make(index, ordinal % 4 === 1 ? 225 : 0),
    }
  },
}
