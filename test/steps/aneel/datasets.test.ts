import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { datasetsMarkdown, target } from '../../../build/docs-datasets.ts'
import { HEADERS, RESOURCES } from './datasets/known.ts'
import { claims, columnsFor, contractOf, contracts, objection } from './datasets/published.ts'

describe('contract files', () => {
  test('there are the thirteen datasets, each in a file of its own name', () => {
    const files = readdirSync(new URL('../../../lib/steps/aneel/datasets/', import.meta.url)).sort()
    assert.deepEqual(
      files,
      contracts.map((contract) => `${contract.dataset}.json`),
    )
    assert.deepEqual(
      contracts.map((contract) => contract.dataset),
      [
        'aneel.agentes',
        'aneel.bandeira_acionamento',
        'aneel.bandeira_adicional',
        'aneel.componentes_tarifarias',
        'aneel.dec_fec',
        'aneel.dec_fec_limites',
        'aneel.dominio_indicadores',
        'aneel.gd_fotovoltaica',
        'aneel.indqual_municipio',
        'aneel.mmgd',
        'aneel.samp',
        'aneel.siga',
        'aneel.subsidios',
        'aneel.tarifas',
      ],
    )
  })

  for (const contract of contracts) {
    test(`${contract.dataset}: every column is described in both languages, and no gate is without effect`, () => {
      const names = new Map(contract.columns.map((column) => [column.name, column]))
      const spellings = contract.columns.flatMap((column) =>
        [column.source, ...column.aliases].map((n) => n.toLowerCase()),
      )
      assert.equal(new Set(spellings).size, spellings.length, 'one name in a header means one column')
      for (const column of contract.columns) {
        const { 'pt-BR': pt, 'en-US': en } = column.description ?? { 'pt-BR': '', 'en-US': '' }
        assert.match(pt, /\S.*\.$/, `${column.name} in Portuguese`)
        assert.match(en, /\S.*\.$/, `${column.name} in English`)
        assert.notEqual(pt, en, column.name)
        if (column.type === 'decimal') assert.ok(column.unit, `${column.name} has a unit`)
      }
      assert.ok(contract.key.length > 0, 'it has a natural key')
      assert.ok(contract.gates.some((gate) => gate.gate === 'rows'))
      for (const gate of contract.gates) {
        if (!('column' in gate)) continue
        const column = names.get(gate.column)
        assert.ok(column && !column.volatile && !column.personal, `gate ${gate.gate} names a stored column`)
        if (gate.gate === 'range') assert.ok(column.range, `${gate.column} has the range its gate judges`)
        if (gate.gate === 'magnitude') assert.match(column.type, /decimal|integer/)
        if (gate.gate === 'exists') assert.equal(column.type, 'text')
      }
      const generated = names.get('dat_geracao_conjunto_dados')
      assert.equal(generated?.volatile, true, 'the generation date is not part of the row')
      const id = contract.columns.find((column) => column.source === '_id')
      assert.equal(id?.volatile, true, "the datastore's row number is not part of the row")
      assert.equal(id?.inHeader, 'optional')
    })
  }

  test('personal data is flagged, and only there', () => {
    const flagged = contracts.flatMap((contract) =>
      contract.columns
        .filter((column) => column.personal || column.mask !== undefined)
        .map((column) => `${contract.dataset}.${column.source}${column.mask === undefined ? '' : ` ${column.mask}`}`),
    )
    assert.deepEqual(flagged, [
      'aneel.mmgd.CodCEP',
      'aneel.mmgd.NumCPFCNPJ',
      'aneel.mmgd.NomTitularEmpreendimento',
      'aneel.siga.DscPropriRegimePariticipacao owners',
    ])
  })

  test('the sentinel dates of SIGA and MMGD become null, and nothing else does', () => {
    const flagged = contracts.flatMap((contract) =>
      contract.columns
        .filter((column) => column.nullBeforeYear !== undefined)
        .map((column) => `${contract.dataset}.${column.name} ${column.nullBeforeYear}`),
    )
    assert.deepEqual(flagged, [
      'aneel.gd_fotovoltaica.dat_conexao 2000',
      'aneel.mmgd.dth_atualiza_cadastral_empreend 2000',
      'aneel.siga.dat_entrada_operacao 1901',
    ])
  })

  test('what changes on each publication without meaning is not part of the row', () => {
    const volatile = new Set(
      contracts.flatMap((c) => c.columns.filter((column) => column.volatile).map((x) => x.source)),
    )
    assert.deepEqual([...volatile].sort(), ['AnmPeriodoReferencia', 'DatGeracaoConjuntoDados', '_id'])
  })

  test('docs/datasets.md is up to date', () => {
    assert.equal(
      readFileSync(target, 'utf8'),
      datasetsMarkdown(contracts),
      'contracts have changed: run `node build/docs-datasets.ts`',
    )
  })
})

describe('which resource of the portal is which dataset', () => {
  for (const [slug, file, dataset, part] of RESOURCES) {
    test(`${file} is ${dataset === '' ? 'none of them' : dataset}`, () => {
      assert.deepEqual(claims(slug, file), dataset === '' ? [] : [{ dataset, part }])
    })
  }

  test('no resource id stands in two contracts', () => {
    const ids = contracts.flatMap(({ resource }) => [resource.id, resource.parquetId]).filter((id) => id !== undefined)
    assert.equal(new Set(ids).size, ids.length)
    for (const id of ids) assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  })

  test('a pinned path leads to a file that its own contract claims, and to its own id', () => {
    for (const { resource, slug, dataset } of contracts) {
      const match = /^\/dataset\/[^/]+\/resource\/([0-9a-f-]{36})\/download\/([^/]+)$/.exec(resource.pinned ?? '')
      assert.ok(match, `${dataset} has a pinned path`)
      if (resource.id !== undefined) assert.equal(match[1], resource.id)
      assert.deepEqual(
        claims(slug, match[2] ?? '').map((claim) => claim.dataset),
        [dataset],
      )
    }
  })

  test("a resource's name finds the same dataset as its file, where only the name is left", () => {
    const names: [string, string][] = [
      ['Bandeira Tarifária - Acionamento', 'aneel.bandeira_acionamento'],
      ['Bandeira Tarifária - Adicional', 'aneel.bandeira_adicional'],
      ['indqual-municipio', 'aneel.indqual_municipio'],
      ['componentes-tarifarias-2021.parquet', 'aneel.componentes_tarifarias'],
      ['indicadores-continuidade-coletivos-limite', 'aneel.dec_fec_limites'],
      ['indicadores-continuidade-coletivos-2020-2029', 'aneel.dec_fec'],
      ['siga-empreendimentos-geracao-diario.csv', 'aneel.siga'],
    ]
    for (const [name, dataset] of names) {
      const found = contracts.filter(
        ({ resource }) => resource.name !== undefined && new RegExp(resource.name).test(name),
      )
      assert.deepEqual(
        found.map((contract) => contract.dataset),
        [dataset],
        name,
      )
    }
    for (const other of ['Dicionário de dados', 'siga-empreendimentos-geracao.csv', 'Dicionário de dados - Limite']) {
      assert.ok(
        !contracts.some(({ resource }) => resource.name !== undefined && new RegExp(resource.name).test(other)),
        other,
      )
    }
  })
})

describe('headers', () => {
  for (const [dataset, what, line] of HEADERS) {
    test(`${dataset}, ${what}: every name is one column and no required column is missing`, () => {
      const contract = contractOf(dataset)
      const found = columnsFor(contract, line.split(';'))
      found.forEach((columns, index) => {
        assert.equal(columns.length, 1, `${line.split(';')[index]} is one column`)
      })
      const present = new Set(found.flat())
      assert.equal(present.size, found.length, 'no two names are one column')
      const missing = contract.columns.filter((column) => column.inHeader === 'required' && !present.has(column))
      assert.deepEqual(missing, [])
    })
  }

  test('the names of a file are exactly the sources of its contract, in its order', () => {
    for (const contract of contracts) {
      const line = HEADERS.find(([dataset, what]) => dataset === contract.dataset && what.startsWith('file'))?.[2]
      assert.deepEqual(
        contract.columns.filter((column) => column.source !== '_id').map((column) => column.source.toLowerCase()),
        line?.toLowerCase().split(';'),
        contract.dataset,
      )
    }
  })
})

describe('values of datasets without a sample', () => {
  const rows: [dataset: string, values: Record<string, string>, noise?: string][] = [
    [
      'aneel.componentes_tarifarias',
      {
        DatGeracaoConjuntoDados: '2026-09-26',
        DscResolucaoHomologatoria: 'RESOLUÇÃO HOMOLOGATÓRIA Nº 3.459, DE 20 DE MAIO DE 2025',
        SigNomeAgente: 'CEMIG-D',
        NumCPFCNPJ: '6981180000116',
        DatInicioVigencia: '2025-05-28',
        DatFimVigencia: '2025-12-31',
        DscBaseTarifaria: 'Tarifa de Aplicação',
        DscSubGrupoTarifario: 'B1',
        DscModalidadeTarifaria: 'Convencional',
        DscClasseConsumidor: 'Residencial',
        DscSubClasseConsumidor: 'Residencial',
        DscDetalheConsumidor: 'Não se aplica',
        DscPostoTarifario: 'Não se aplica',
        DscUnidade: 'R$/MWh',
        SigNomeAgenteAcessante: 'Não se aplica',
        DscComponenteTarifario: 'TUSD_FioB',
        VlrComponenteTarifario: '8,9999999999999995E-9',
      },
      'VlrComponenteTarifario',
    ],
    [
      'aneel.subsidios',
      {
        DatGeracaoConjuntoDados: '2026-09-11',
        DatSubsidio: '01/07/2027',
        NumCNPJDistribuidora: '04065033000170',
        SigAgente: 'Energisa AC',
        NomAgente: 'ENERGISA ACRE - DISTRIBUIDORA DE ENERGIA S.A',
        DscTipoMontante: 'Ajuste',
        DscTipoSubsidio: 'Irrigação e Aquicultura',
        VlrSubsidio: '-1350,9400000000001',
        DscAtoNormativo: 'DSP - DESPACHO',
        NumAto: '3318',
        DatAssinaturaAto: '02/09/2009',
        DatInicioVigenciaAto: '26/08/2026',
        DatFimVigenciaAto: '12/12/2026',
        DthPublicacaoAto: '03/09/2009',
      },
      'VlrSubsidio',
    ],
    [
      'aneel.dec_fec',
      {
        DatGeracaoConjuntoDados: '2026-10-05T00:00:00.000',
        SigAgente: 'EMS                 ',
        NumCNPJ: '15413826000150',
        IdeConjUndConsumidoras: '12836',
        DscConjUndConsumidoras: 'CRUZALTINA',
        SigIndicador: 'DEC',
        AnoIndice: '2025',
        NumPeriodoIndice: '12',
        VlrIndiceEnviado: ',42',
      },
    ],
  ]
  for (const [dataset, values, noise] of rows) {
    test(`${dataset}: a row in the form the portal publishes is acceptable`, () => {
      const contract = contractOf(dataset)
      for (const [name, value] of Object.entries(values)) {
        const [column] = columnsFor(contract, [name])[0] ?? []
        assert.ok(column, name)
        assert.equal(objection(column, value, name === noise), undefined)
      }
    })
  }

  test('the checker of this test refuses what is wrong', () => {
    const tarifas = contractOf('aneel.tarifas')
    const by = (name: string) => {
      const column = tarifas.columns.find((candidate) => candidate.name === name)
      assert.ok(column)
      return column
    }
    assert.ok(objection(by('vlr_te'), '1.234,5x'))
    assert.ok(objection(by('vlr_te'), '0,1234567'), 'a seventh decimal would be lost')
    assert.ok(objection(by('dat_inicio_vigencia'), '2026-02-30'))
    assert.ok(objection(by('dat_inicio_vigencia'), ''))
    assert.ok(objection(by('num_cnpj_distribuidora'), '123456789012345'))
  })
})
