import * as calendar from '../calendar.ts'
import { cnpj, dottedCnpj, maskedCpf } from '../documents.ts'
import { fixed, hundredths } from '../numbers.ts'
import { WEIGHTED_TOWNS } from '../places.ts'
import { hash, mix, pick } from '../random.ts'
import { columns, type Table } from '../table.ts'

type Kind = readonly [
  type: string,
  short: string,
  origin: string,
  source: string,
  fuel: string,
  grant: string,
  size: number,
]
const KINDS: readonly Kind[] = [
  ['UFV', 'RS', 'Solar', 'Radiação solar', 'Radiação solar', 'Registro', 30_000],
  ['UFV', 'RS', 'Solar', 'Radiação solar', 'Radiação solar', 'Registro', 90_000],
  ['UFV', 'RS', 'Solar', 'Radiação solar', 'Radiação solar', 'Autorização', 5_000_000],
  ['UTE', 'PE', 'Fóssil', 'Petróleo', 'Óleo Diesel', 'Registro', 400_000],
  ['UTE', 'FL', 'Biomassa', 'Floresta', 'Resíduos Florestais', 'Autorização', 3_000_000],
  ['UTE', 'GN', 'Fóssil', 'Gás natural', 'Gás Natural', 'Autorização', 20_000_000],
  ['EOL', 'CV', 'Eólica', 'Cinética do vento', 'Cinética do vento', 'Autorização', 4_000_000],
  ['PCH', 'PH', 'Hídrica', 'Potencial hidráulico', 'Potencial hidráulico', 'Autorização', 2_500_000],
  ['CGH', 'PH', 'Hídrica', 'Potencial hidráulico', 'Potencial hidráulico', 'Registro', 400_000],
  ['UHE', 'PH', 'Hídrica', 'Potencial hidráulico', 'Potencial hidráulico', 'Concessão', 60_000_000],
]
const PHASES = ['Operação', 'Operação', 'Operação', 'Operação', 'Construção', 'Construção não iniciada'] as const
const BASINS = [
  ' 41 - Das Velhas - Sao Francisco',
  ' 86 - Taquari',
  ' 58 - Paraiba do Sul',
  ' 66 - Alto Paraguai',
  ' 21 - Tocantins, entre os rios Preto e Parana',
]
const SENTINEL = calendar.dayOf('1900-01-03')

/** Who owns a plant: companies with their number, invented natural persons masked or not, `&amp-` for `&`, or unknown. */
function owners(h: number): string {
  const company = (salt: number) => {
    const number = (h >>> salt) % 9000
    return `GERADORA FICTICIA ${number}${number % 11 === 0 ? ' &amp- CIA. LTDA.' : ' S.A.'} - ${dottedCnpj(cnpj(92_000_000 + number))}`
  }
  switch (h % 12) {
    case 0:
      return 'Não Informado'
    case 1:
      return `100% para PESSOA FICTICIA ${h % 1000} - ${maskedCpf(h >>> 5)} (REG)`
    case 2:
      return `50% para ${company(7)} (REG), 50% para PESSOA FICTICIA ${h % 1000} - 000.${String(h % 1000).padStart(3, '0')}.000-00 (REG)`
    case 3:
      // The share has a decimal point in a file of decimal commas.
      return `44.0400% para ${company(5)} (PIE), 55.9600% para ${company(9)} (PIE)`
    default:
      return `100% para ${company(6)} (${h % 2 === 0 ? 'PIE' : 'REG'})`
  }
}

/**
 * SIGA, the register of power plants. Quirks: the misspelt headers, `1400,00` beside `1400`, `,00000000` coordinates,
 * `1900-01-03`, leading spaces in the basin, commas in values, NUL bytes, and codes that stand twice with another kind of
 * grant. Part `diario` is the daily file, part `mensal` its stale monthly twin with the same header and fewer rows.
 */
export const siga: Table = {
  columns: columns(
    'DatGeracaoConjuntoDados date',
    'NomEmpreendimento',
    'IdeNucleoCEG',
    'CodCEG',
    'SigUFPrincipal',
    'SigTipoGeracao',
    'DscFaseUsina',
    'DscOrigemCombustivel',
    'DscFonteCombustivel',
    'DscTipoOutorga',
    'NomFonteCombustivel',
    'DatEntradaOperacao date 1901',
    'MdaPotenciaOutorgadaKw decimal 2',
    'MdaPotenciaFiscalizadaKw decimal 2',
    'MdaGarantiaFisicaKw decimal 2',
    'IdcGeracaoQualificada',
    'NumCoordNEmpreendimento decimal 8',
    'NumCoordEEmpreendimento decimal 8',
    'DatInicioVigencia date',
    'DatFimVigencia date',
    'DscPropriRegimePariticipacao',
    'DscSubBacia',
    'DscMuninicpios',
  ),
  key: ['CodCEG'],
  hasQuotes: false,
  family: 'siga',
  parts: () => ['diario', 'mensal'],
  repeats: (rows) => (rows < 60 ? 0 : 3),
  open({ seed, today, generated }) {
    const make = (index: number, revision: number, otherGrant: boolean): string[] => {
      const h = hash(seed, index)
      const h2 = mix(h + 1)
      const [type, short, origin, source, fuel, grant, size] = pick(KINDS, h)
      const town = pick(WEIGHTED_TOWNS, h2)
      const other = pick(WEIGHTED_TOWNS, h2 >>> 7)
      const nucleus = String(8 + index * 3).padStart(6, '0')
      const power = 500 + (h2 % size)
      const phase = pick(PHASES, h2 >>> 3)
      const placed = h % 3 !== 0
      const began = today - 100 - (h2 % 14_000)
      const granted = grant !== 'Registro'
      const rare = index % 400
      const name = `${type === 'UFV' ? 'Solar' : 'Usina'} ${town.name} ${h % 900}`
      return [
        generated,
        rare === 133 ? `${name}\0` : name,
        nucleus,
        `${type}.${short}.${town.uf}.${nucleus}-${h % 10}.1`,
        town.uf,
        type,
        phase,
        origin,
        source,
        otherGrant ? 'Concessão' : grant === 'Concessão' ? 'Autorização' : grant,
        fuel,
        calendar.iso(phase === 'Operação' && rare !== 33 ? began : SENTINEL),
        hundredths(power),
        phase === 'Operação' ? String(Math.floor(power / 100)) : '0',
        type === 'UFV' || type === 'CGH' ? ',00' : hundredths(Math.floor(power * 0.45)),
        h % 29 === 0 ? 'Sim' : 'Não',
        placed ? fixed(town.latitude * 1_000_000 + (h2 % 999_999) + revision * 117, 8) : ',00000000',
        placed ? fixed(town.longitude * 1_000_000 + (h % 999_999), 8) : fixed(revision * 41, 8),
        granted ? calendar.iso(began - 400) : '',
        granted && type !== 'UTE' ? calendar.iso(began + 10_500) : '',
        owners(h2),
        origin === 'Hídrica' ? pick(BASINS, h >>> 8) : '',
        h % 6 === 0 && town.uf === other.uf
          ? `${town.name} - ${town.uf}, ${other.name} - ${other.uf}`
          : `${town.name} - ${town.uf}`,
      ]
    }
    return {
      row: (index, revision) => make(index, revision, false),
      repeat: (index) => make(index, 0, true),
    }
  },
}
