import { uuidOf } from '../generate/random.ts'
import type { DatasetName } from '../generate/index.ts'
import { dictionary, type PackageEntry, pack, parquet, resource } from './model.ts'

/** Files of the years (or decades) a dataset is in. */
export type PartsOf = (dataset: DatasetName) => readonly string[]

const COMPONENT_IDS = new Map([
  ['2026', 'e8717aa8-2521-453f-bf16-fbb9a16eea39'],
  ['2025', 'a4060165-3a0c-404f-926c-83901088b67c'],
  ['2024', '70ac08d1-53fc-4ceb-9c22-3a3a2c70e9fa'],
])
const COMPONENT_PARQUET_IDS = new Map([
  ['2020', '4657eb39-a4ed-4113-8feb-3565633a61e9'],
  ['2021', '1b79d43b-f625-4122-b790-5bb986da4bd2'],
])
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

function csv(dataset: DatasetName, part = '') {
  return { kind: 'csv', dataset, part, dialect: {} } as const
}

function tariffs(partsOf: PartsOf): PackageEntry[] {
  return [
    pack({
      id: '5a583f3e-1646-4f67-bf0f-69db4203e89e',
      name: 'tarifas-distribuidoras-energia-eletrica',
      title: 'Tarifas de aplicação das distribuidoras de energia elétrica',
      group: 'Tarifas',
      frequency: 'Semanal',
      tags: ['TE', 'TUSD', 'tarifas'],
      resources: [
        dictionary(uuidOf('dm-tarifas'), 'dm-tarifas-homologadas-distribuidoras.pdf'),
        resource({
          id: 'fcf2906c-7c32-4b9b-a637-054e7a5234f4',
          name: 'tarifas-homologadas-distribuidoras-energia-eletrica.csv',
          file: 'tarifas-homologadas-distribuidoras-energia-eletrica.csv',
          datastore: 'whole',
          hash: 'fresh',
          content: csv('tarifas'),
        }),
        resource({
          id: uuidOf('tarifas-xml'),
          name: 'tarifas-homologadas-distribuidoras-energia-eletrica.xml',
          file: 'tarifas-homologadas-distribuidoras-energia-eletrica.xml',
          format: 'XML',
          mimetype: 'application/xml',
          content: { kind: 'xml', dataset: 'tarifas', part: '' },
        }),
      ],
    }),
    pack({
      id: '613e6b74-1a4b-4c48-a231-096815e96bd5',
      name: 'componentes-tarifarias',
      title: 'Componentes Tarifárias',
      group: 'Tarifas',
      frequency: 'Semanal',
      tags: ['TE', 'TUSD', 'componentes'],
      resources: [
        dictionary('cb1d06a8-5b4c-45a0-bb41-9e9546cc578b', 'dm-componentes-tarifarias.pdf', 'Dicionário de metadados'),
        ...partsOf('componentes').flatMap((year) => {
          const base = `componentes-tarifarias-${year}`
          return [
            resource({
              id: COMPONENT_IDS.get(year) ?? uuidOf(base),
              name: `${base}.csv`,
              file: `${base}.csv`,
              // The datastore has no row of one distributor whose rows the file has.
              datastore: 'partial',
              content: csv('componentes', year),
            }),
            parquet(COMPONENT_PARQUET_IDS.get(year) ?? uuidOf(`${base}.parquet`), base, 'componentes', year),
          ]
        }),
      ],
    }),
    pack({
      id: '7f43a020-6dc5-44b8-80b4-d97eaa94436c',
      name: 'bandeiras-tarifarias',
      title: 'Bandeiras Tarifárias',
      group: 'Tarifas',
      tags: ['bandeiras'],
      resources: [
        dictionary(uuidOf('dm-bandeiras'), 'dm-bandeiras-tarifarias.pdf'),
        resource({
          id: '0591b8f6-fe54-437b-b72b-1aa2efd46e42',
          name: 'Bandeira Tarifária - Acionamento',
          file: 'bandeira-tarifaria-acionamento.csv',
          datastore: 'whole',
          hash: 'fresh',
          content: csv('bandeira_acionamento'),
        }),
        resource({
          id: '5879ca80-b3bd-45b1-a135-d9b77c1d5b36',
          name: 'Bandeira Tarifária - Adicional',
          file: 'bandeira-tarifaria-adicional.csv',
          datastore: 'whole',
          hash: 'fresh',
          content: csv('bandeira_adicional'),
        }),
      ],
    }),
    pack({
      id: uuidOf('subsidios-tarifarios'),
      name: 'subsidios-tarifarios',
      title: 'Subsídios Tarifários',
      group: 'Tarifas',
      tags: ['CDE', 'subsídios'],
      resources: [
        dictionary(uuidOf('dm-subsidios'), 'dm-subsidios-tarifarios.pdf'),
        resource({
          id: '325c828c-1cde-485e-9571-a412fa64f768',
          name: 'subsidios-tarifarios',
          file: 'subsidios-tarifarios.csv',
          datastore: 'whole',
          hash: 'fresh',
          content: csv('subsidios'),
        }),
      ],
    }),
  ]
}

function generation(): PackageEntry[] {
  const zipped = (dataset: DatasetName) => ({ ...csv(dataset), dialect: { container: 'zip' } }) as const
  const technical = ['DatGeracaoConjuntoDados', 'CodGeracaoDistribuida', 'MdaPotenciaInstalada', 'NomFabricante', 'DatConexao']
  return [
    pack({
      id: '5e0fafd2-21b9-4d5b-b622-40438d40aba2',
      name: 'relacao-de-empreendimentos-de-geracao-distribuida',
      title: 'Relação de empreendimentos de Mini e Micro Geração Distribuída',
      group: 'Geração',
      frequency: 'Diária',
      tags: ['geração distribuída', 'MMGD'],
      author: 'STD/ANEEL',
      resources: [
        dictionary(uuidOf('dm-gd'), 'dm-empreendimento-geracao-distribuida.pdf'),
        resource({
          id: 'b1bd71e7-d0ad-4214-9053-cbd58e9564a7',
          name: 'empreendimento-geracao-distribuida.csv',
          file: 'empreendimento-geracao-distribuida.csv',
          content: zipped('mmgd'),
        }),
        parquet('cd29f6eb-e08d-4db7-b6fb-ed6e3b682d27', 'empreendimento-geracao-distribuida', 'mmgd', ''),
        resource({
          id: '49fa9ca0-f609-4ae3-a6f7-b97bd0945a3a',
          name: 'empreendimento-gd-informacoes-tecnicas-fotovoltaica',
          file: 'empreendimento-gd-informacoes-tecnicas-fotovoltaica.csv',
          format: 'ZIP',
          datastore: 'partial',
          content: zipped('fotovoltaica'),
        }),
        parquet(
          '703c4cb8-b7e2-4f27-a9bb-7e55324a88a4',
          'empreendimento-gd-informacoes-tecnicas-fotovoltaica',
          'fotovoltaica',
          '',
        ),
        ...[
          ['5f903d78-25ae-4a3f-a2bd-9a93351c59fb', 'eolica'],
          ['c189442a-18f0-44eb-9c89-3b48147a4d65', 'hidreletrica'],
        ].map(([id = '', kind = '']) =>
          resource({
            id,
            name: `empreendimento-gd-informacoes-tecnicas-${kind}`,
            file: `empreendimento-gd-informacoes-tecnicas-${kind}.csv`,
            content: { kind: 'text', columns: technical, rows: 30, dialect: {} },
          }),
        ),
      ],
    }),
    pack({
      id: '6d90b77c-c5f5-4d81-bdec-7bc619494bb9',
      name: 'siga-sistema-de-informacoes-de-geracao-da-aneel',
      title: 'SIGA - Sistema de Informações de Geração da ANEEL',
      group: 'Geração',
      frequency: 'Diária',
      tags: ['SIGA', 'usinas'],
      author: 'SCE/ANEEL',
      resources: [
        dictionary(uuidOf('dm-siga'), 'dm-siga-empreendimentos-geracao.pdf'),
        // The stale monthly twin comes first and has the same header: "the first CSV" is the wrong one.
        resource({
          id: '11ec447d-698d-4ab8-977f-b424d5deee6a',
          name: 'siga-empreendimentos-geracao',
          file: 'siga-empreendimentos-geracao.csv',
          datastore: 'whole',
          hash: 'fresh',
          content: csv('siga', 'mensal'),
        }),
        resource({
          id: '2f65a1b0-19b8-4360-8238-b34ab4693d55',
          name: 'siga-empreendimentos-geracao-diario',
          file: 'siga-empreendimentos-geracao-diario.csv',
          datastore: 'whole',
          hash: 'fresh',
          content: csv('siga', 'diario'),
        }),
        parquet(uuidOf('siga.parquet'), 'siga-empreendimentos-geracao', 'siga', 'mensal'),
      ],
    }),
  ]
}

function quality(partsOf: PartsOf): PackageEntry[] {
  return [
    pack({
      id: 'd5f0712e-62f6-4736-8dff-9991f10758a7',
      name: 'indicadores-coletivos-de-continuidade-dec-e-fec',
      title: 'Indicadores Coletivos de Continuidade (DEC e FEC)',
      tags: ['DEC', 'FEC', 'continuidade', 'qualidade'],
      resources: [
        dictionary('5d91171a-eb4e-4f66-8418-2833567123ae', 'dm-indicadores-continuidade.pdf', 'Dicionário de dados - Continuidade'),
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
            columns: ['DatGeracaoConjuntoDados', 'SigAgente', 'NumCNPJ', 'SigIndicador', 'AnoIndice', 'VlrIndiceEnviado'],
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

/** The packages behind the datasets that have a contract, with the real ids where public files show them. */
export function knownPackages(partsOf: PartsOf): PackageEntry[] {
  return [...tariffs(partsOf), ...generation(), ...quality(partsOf)]
}
