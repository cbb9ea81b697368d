import type { DatasetName } from '../generate/index.ts'
import { uuidOf } from '../generate/random.ts'
import { type Content, csv, dictionary, type PackageEntry, pack, parquet, resource } from './model.ts'

/** The registry of distributed generation and SIGA. */
export function generation(): PackageEntry[] {
  const zipped = (dataset: DatasetName): Content => ({ ...csv(dataset), dialect: { container: 'zip' } })
  const technical = [
    'DatGeracaoConjuntoDados',
    'CodGeracaoDistribuida',
    'MdaPotenciaInstalada',
    'NomFabricante',
    'DatConexao',
  ]
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
          content: zipped('gd_fotovoltaica'),
        }),
        parquet(
          '703c4cb8-b7e2-4f27-a9bb-7e55324a88a4',
          'empreendimento-gd-informacoes-tecnicas-fotovoltaica',
          'gd_fotovoltaica',
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
