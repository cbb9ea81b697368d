import { uuidOf } from '../generate/random.ts'
import { csv, dictionary, type PackageEntry, type PartsOf, pack, parquet, resource } from './model.ts'

const SAMP_IDS = new Map([
  ['2026', '56f1c242-5017-4cef-a365-0a96fffb0f2b'],
  ['2024', 'ff80dd21-eade-4eb5-9ca8-d802c883940e'],
])
const SAMP_PARQUET_IDS = new Map([['2024', '018d9180-eced-441f-8ede-d205b50421e9']])
const CONTINUITY_IDS = new Map([
  ['2020-2029', '4493985c-baea-429c-9df5-3030422c71d7'],
  ['2010-2019', 'b4dbdc46-a8a3-4e5d-9565-9f23b1156496'],
  ['2000-2009', '33818f8c-bb8f-4a81-b89b-cacbd0a79e75'],
])
const CONTINUITY_PARQUET_IDS = new Map([
  ['2020-2029', 'd7f70fb1-725c-4748-afeb-65c6a78df550'],
  ['2010-2019', '1706a88f-ecd6-4de9-99ee-ec240c317378'],
  ['2000-2009', '79ba3a61-3a9c-4e29-8188-9bb19f858ec6'],
])

/** Continuity, INDQUAL, agents and the market. */
export function quality(partsOf: PartsOf): PackageEntry[] {
  return [
    pack({
      id: 'd5f0712e-62f6-4736-8dff-9991f10758a7',
      name: 'indicadores-coletivos-de-continuidade-dec-e-fec',
      title: 'Indicadores Coletivos de Continuidade (DEC e FEC)',
      tags: ['DEC', 'FEC', 'continuidade', 'qualidade'],
      resources: [
        dictionary(
          '5d91171a-eb4e-4f66-8418-2833567123ae',
          'dm-indicadores-continuidade.pdf',
          'Dicionário de dados - Continuidade',
        ),
        ...partsOf('dec_fec').flatMap((decade) => {
          const base = `indicadores-continuidade-coletivos-${decade}`
          return [
            resource({
              id: CONTINUITY_IDS.get(decade) ?? uuidOf(base),
              name: base,
              file: `${base}.zip`,
              format: 'ZIP',
              datastore: decade === '2020-2029' ? 'partial' : 'none',
              content: { ...csv('dec_fec', decade), dialect: { container: 'zip' } },
            }),
            parquet(CONTINUITY_PARQUET_IDS.get(decade) ?? uuidOf(`${base}.parquet`), base, 'dec_fec', decade),
          ]
        }),
        resource({
          id: '364d945e-a18b-4111-ab1b-73aa0f7b06b1',
          name: 'indicadores-continuidade-coletivos-compensacao-2020-2029',
          file: 'indicadores-continuidade-coletivos-compensacao-2020-2029.csv',
          format: 'ZIP',
          content: {
            kind: 'text',
            columns: [
              'DatGeracaoConjuntoDados',
              'SigAgente',
              'NumCNPJ',
              'SigIndicador',
              'AnoIndice',
              'VlrIndiceEnviado',
            ],
            rows: 60,
            dialect: { container: 'zip' },
          },
        }),
        resource({
          id: 'fd69e1dd-fd66-4269-b60c-cc0b7eb221b4',
          name: 'indicadores-continuidade-coletivos-limite',
          file: 'indicadores-continuidade-coletivos-limite.csv',
          datastore: 'whole',
          hash: 'fresh',
          content: csv('dec_fec_limites'),
        }),
        resource({
          id: '17fc99b7-e707-4ec4-9553-a43d7a41f7a6',
          name: 'dominio-indicadores-indqual',
          file: 'dominio-indicadores.csv',
          datastore: 'whole',
          hash: 'fresh',
          content: csv('dominio_indicadores'),
        }),
      ],
    }),
    pack({
      id: 'db9c9f60-b3b5-4504-9dfe-2637922d53ce',
      name: 'indqual-municipio',
      title: 'Relação Conjuntos-Municípios das Distribuidoras',
      tags: ['INDQUAL'],
      resources: [
        dictionary(uuidOf('dm-indqual'), 'dm-indqual-municipio.pdf'),
        resource({
          id: '3f841488-80a8-42f2-a6ca-e0c593b228de',
          name: 'indqual-municipio',
          file: 'indqual-municipio.csv',
          datastore: 'whole',
          hash: 'fresh',
          content: { ...csv('indqual_municipio'), dialect: { encoding: 'iso-8859-1' } },
        }),
      ],
    }),
    pack({
      id: '71d1007e-7e14-4875-8758-7e3a0d1118df',
      name: 'agentes-do-setor-eletrico',
      title: 'Agentes do Setor Elétrico',
      group: 'Institucional',
      resources: [
        dictionary(uuidOf('dm-agentes'), 'dm-agentes-setor-eletrico.pdf'),
        resource({
          id: '64250fc9-4f7a-4d97-b0d4-3c090e005e1c',
          name: 'agentes-setor-eletrico',
          file: 'agentes-setor-eletrico.csv',
          datastore: 'whole',
          hash: 'fresh',
          content: csv('agentes'),
        }),
      ],
    }),
    pack({
      id: '3e153db4-a503-4093-88be-75d31b002dcf',
      name: 'samp',
      title: 'SAMP - Sistema de Acompanhamento de Informações de Mercado',
      group: 'Tarifas',
      resources: [
        dictionary(uuidOf('dm-samp'), 'dm-samp.pdf'),
        ...partsOf('samp').flatMap((year) => [
          resource({
            id: SAMP_IDS.get(year) ?? uuidOf(`samp-${year}`),
            name: `samp-${year}`,
            file: `samp-${year}.csv`,
            content: { ...csv('samp', year), dialect: { encoding: 'windows-1252' } },
          }),
          parquet(SAMP_PARQUET_IDS.get(year) ?? uuidOf(`samp-${year}.parquet`), `samp-${year}`, 'samp', year),
        ]),
      ],
    }),
  ]
}
