import { uuidOf } from '../generate/random.ts'
import { csv, dictionary, type PackageEntry, type PartsOf, pack, parquet, resource } from './model.ts'

const COMPONENT_IDS = new Map([
  ['2026', 'e8717aa8-2521-453f-bf16-fbb9a16eea39'],
  ['2025', 'a4060165-3a0c-404f-926c-83901088b67c'],
  ['2024', '70ac08d1-53fc-4ceb-9c22-3a3a2c70e9fa'],
])
const COMPONENT_PARQUET_IDS = new Map([
  ['2020', '4657eb39-a4ed-4113-8feb-3565633a61e9'],
  ['2021', '1b79d43b-f625-4122-b790-5bb986da4bd2'],
])

/** Tarifas, componentes, bandeiras and subsidies. */
export function tariffs(partsOf: PartsOf): PackageEntry[] {
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
        ...partsOf('componentes_tarifarias').flatMap((year) => {
          const base = `componentes-tarifarias-${year}`
          return [
            resource({
              id: COMPONENT_IDS.get(year) ?? uuidOf(base),
              name: `${base}.csv`,
              file: `${base}.csv`,
              // The datastore has no row of one distributor whose rows the file has.
              datastore: 'partial',
              content: csv('componentes_tarifarias', year),
            }),
            parquet(COMPONENT_PARQUET_IDS.get(year) ?? uuidOf(`${base}.parquet`), base, 'componentes_tarifarias', year),
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
