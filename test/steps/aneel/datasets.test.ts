import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'csv-parse/sync'
import { datasetsMarkdown, contracts as readContracts, target } from '../../../build/docs-datasets.ts'
import type { Column, Contract } from '../../../lib/steps/aneel/contract.ts'

const contracts = readContracts()
const samples = process.env.YSH_SAMPLES ?? resolve(import.meta.dirname, '../../../../shared/samples')
const sampleOf = (file: string) => resolve(samples, file)
const without = (file: string) =>
  existsSync(sampleOf(file)) ? false : `${file} is not in ${samples} (set YSH_SAMPLES to the folder of samples)`

function contractOf(dataset: string): Contract {
  const contract = contracts.find((candidate) => candidate.dataset === dataset)
  assert.ok(contract, `there is a contract ${dataset}`)
  return contract
}

/** Headers as the portal has served them, with the dataset they must be read as. */
const HEADERS: [dataset: string, what: string, header: string][] = [
  [
    'aneel.tarifas',
    'file',
    'DatGeracaoConjuntoDados;DscREH;SigAgente;NumCNPJDistribuidora;DatInicioVigencia;DatFimVigencia;DscBaseTarifaria;DscSubGrupo;DscModalidadeTarifaria;DscClasse;DscSubClasse;DscDetalhe;NomPostoTarifario;DscUnidadeTerciaria;SigAgenteAcessante;VlrTUSD;VlrTE',
  ],
  [
    'aneel.tarifas',
    'names of the dictionary',
    'DatGeracaoConjuntoDados;DscResolucaoHomologatoria;SigAgente;NumCNPJDistribuidora;DatInicioVigencia;DatFimVigencia;DscBaseTarifa;DscSubgrupo;DscModalidadeTarifaria;DscClasse;DscSubClasse;DscDetalhe;NomPostoTarifario;DscUnidade;SigAgenteAcessante;VlrTusd;VlrTe',
  ],
  [
    'aneel.componentes_tarifarias',
    'file',
    'DatGeracaoConjuntoDados;DscResolucaoHomologatoria;SigNomeAgente;NumCPFCNPJ;DatInicioVigencia;DatFimVigencia;DscBaseTarifaria;DscSubGrupoTarifario;DscModalidadeTarifaria;DscClasseConsumidor;DSCSubclasseConsumidor;DscDetalheConsumidor;DscPostoTarifario;DscUnidade;SigNomeAgenteAcessante;DscComponenteTarifario;VlrComponenteTarifario',
  ],
  [
    'aneel.bandeira_acionamento',
    'file',
    'DatGeracaoConjuntoDados;DatCompetencia;NomBandeiraAcionada;VlrAdicionalBandeira',
  ],
  [
    'aneel.bandeira_adicional',
    'file',
    'DatGeracaoConjuntoDados;DscResolucao;DatVigencia;NomBandeiraAcionada;VlrAdicionalBandeiraRSMWh',
  ],
  [
    'aneel.mmgd',
    'file',
    'DatGeracaoConjuntoDados;AnmPeriodoReferencia;NumCNPJDistribuidora;SigAgente;NomAgente;CodClasseConsumo;DscClasseConsumo;CodSubGrupoTarifario;DscSubGrupoTarifario;CodUFibge;SigUF;CodRegiao;NomRegiao;CodMunicipioIbge;NomMunicipio;CodCEP;SigTipoConsumidor;NumCPFCNPJ;NomTitularEmpreendimento;CodEmpreendimento;DthAtualizaCadastralEmpreend;SigModalidadeEmpreendimento;DscModalidadeHabilitado;QtdUCRecebeCredito;SigTipoGeracao;DscFonteGeracao;DscPorte;NumCoordNEmpreendimento;NumCoordEEmpreendimento;MdaPotenciaInstaladaKW;NomSubEstacao;NumCoordESub;NumCoordNSub',
  ],
  [
    'aneel.mmgd',
    'names until 2023',
    'DatGeracaoConjuntoDados;AnmPeriodoReferencia;NumCNPJDistribuidora;SigAgente;NomAgente;CodClasseConsumo;DscClasseConsumo;CodSubGrupoTarifario;DscSubGrupoTarifario;codUFibge;SigUF;codRegiao;NomRegiao;CodMunicipioIbge;NomMunicipio;CodCEP;SigTipoConsumidor;NumCPFCNPJ;NomeTitularEmpreendimento;CodEmpreendimento;DthAtualizaCadastralEmpreend;SigModalidadeEmpreendimento;DscModalidadeHabilitado;QtdUCRecebeCredito;SigTipoGeracao;DscFonteGeracao;DscPorte;MdaPotenciaInstaladaKW',
  ],
  [
    'aneel.mmgd',
    'Parquet without coordinates, owner last',
    'DatGeracaoConjuntoDados;AnmPeriodoReferencia;NumCNPJDistribuidora;SigAgente;NomAgente;CodClasseConsumo;DscClasseConsumo;DscSubGrupoTarifario;CodUFibge;SigUF;CodRegiao;NomRegiao;CodMunicipioIbge;NomMunicipio;CodCEP;SigTipoConsumidor;NumCPFCNPJ;CodEmpreendimento;DthAtualizaCadastralEmpreend;DscModalidadeHabilitado;QtdUCRecebeCredito;SigTipoGeracao;DscFonteGeracao;DscPorte;MdaPotenciaInstaladaKW;NomSubEstacao;NumCoordESub;NumCoordNSub;NomTitularEmpreendimento',
  ],
  [
    'aneel.gd_fotovoltaica',
    'file',
    'DatGeracaoConjuntoDados;CodGeracaoDistribuida;MdaAreaArranjo;MdaPotenciaInstalada;NomFabricanteModulo;NomFabricanteInversor;DatConexao;MdaPotenciaModulos;MdaPotenciaInversores;QtdModulos;NomModeloModulo;NomModeloInversor',
  ],
  [
    'aneel.gd_fotovoltaica',
    'datastore dump',
    '_id;DatGeracaoConjuntoDados;CodGeracaoDistribuida;MdaAreaArranjo;MdaPotenciaInstalada;NomFabricanteModulo;NomFabricanteInversor;DatConexao;MdaPotenciaModulos;MdaPotenciaInversores;QtdModulos;NomModeloModulo;NomModeloInversor',
  ],
  [
    'aneel.gd_fotovoltaica',
    'names with KW',
    'DatGeracaoConjuntoDados;CodGeracaoDistribuida;MdaAreaArranjo;MdaPotenciaInstaladaKW;NomFabricanteModulo;NomFabricanteInversor;DatConexao;MdaPotenciaModulosKW;MdaPotenciaInversoresKW;QtdModulos;NomModeloModulo;NomModeloInversor',
  ],
  [
    'aneel.siga',
    'file, with its misspellings',
    'DatGeracaoConjuntoDados;NomEmpreendimento;IdeNucleoCEG;CodCEG;SigUFPrincipal;SigTipoGeracao;DscFaseUsina;DscOrigemCombustivel;DscFonteCombustivel;DscTipoOutorga;NomFonteCombustivel;DatEntradaOperacao;MdaPotenciaOutorgadaKw;MdaPotenciaFiscalizadaKw;MdaGarantiaFisicaKw;IdcGeracaoQualificada;NumCoordNEmpreendimento;NumCoordEEmpreendimento;DatInicioVigencia;DatFimVigencia;DscPropriRegimePariticipacao;DscSubBacia;DscMuninicpios',
  ],
  [
    'aneel.agentes',
    'file',
    'DatGeracaoConjuntoDados;NumCnpj;SigPessoa;NomRazaoSocial;IdcAtivo;IdcComercializacao;IdcDistribuicao;IdcGeracao;IdcTransmissao',
  ],
  [
    'aneel.dec_fec',
    'file',
    'DatGeracaoConjuntoDados;SigAgente;NumCNPJ;IdeConjUndConsumidoras;DscConjUndConsumidoras;SigIndicador;AnoIndice;NumPeriodoIndice;VlrIndiceEnviado',
  ],
  [
    'aneel.dec_fec_limites',
    'file',
    'DatGeracaoConjuntoDados;SigAgente;NumCNPJ;IdeConjUndConsumidoras;DscConjUndConsumidoras;SigIndicador;AnoLimiteQualidade;VlrLimite',
  ],
  [
    'aneel.indqual_municipio',
    'file',
    'DatGeracaoConjuntoDados;IdeConjUnidConsumidoras;CodMunicipio;NomMunicipio;SigUF',
  ],
  [
    'aneel.subsidios',
    'file',
    'DatGeracaoConjuntoDados;DatSubsidio;NumCNPJDistribuidora;SigAgente;NomAgente;DscTipoMontante;DscTipoSubsidio;VlrSubsidio;DscAtoNormativo;NumAto;DatAssinaturaAto;DatInicioVigenciaAto;DatFimVigenciaAto;DthPublicacaoAto',
  ],
  [
    'aneel.subsidios',
    'names of 2023',
    'DatGeracaoConjuntoDados;DatSubsidio;NumCPFCNPJ;SigAgente;NomAgente;DscTipoMontante;DscTipoSubsidio;VlrSubsidio;DscAtoNormativo;NumAto;DatAssinaturaAto;DatInicioVigenciaAto;DatFimVigenciaAto;DthPublicacaoAto',
  ],
  [
    'aneel.samp',
    'file',
    'DatGeracaoConjuntoDados;NumCNPJAgenteDistribuidora;SigAgenteDistribuidora;NomAgenteDistribuidora;NomTipoMercado;DscModalidadeTarifaria;DscSubGrupoTarifario;DscClasseConsumoMercado;DscSubClasseConsumidor;DscDetalheConsumidor;IdeNucleoCeg;NumCNPJAgenteAcessante;NomAgenteAcessante;DscPostoTarifario;DscOpcaoEnergia;DscDetalheMercado;DatCompetencia;VlrMercado',
  ],
]

/** URLs of the portal: which dataset (and part) each belongs to, '' for those that belong to none. */
const RESOURCES: [slug: string, file: string, dataset: string, part?: string][] = [
  [
    'tarifas-distribuidoras-energia-eletrica',
    'tarifas-homologadas-distribuidoras-energia-eletrica.csv',
    'aneel.tarifas',
  ],
  ['tarifas-distribuidoras-energia-eletrica', 'dd-tarifas-por-distribuidora.pdf', ''],
  ['componentes-tarifarias', 'componentes-tarifarias-2026.csv', 'aneel.componentes_tarifarias', '2026'],
  ['componentes-tarifarias', 'componentes-tarifarias-2020.parquet', 'aneel.componentes_tarifarias', '2020'],
  ['componentes-tarifarias', 'dm-componentes-tarifarias.pdf', ''],
  ['bandeiras-tarifarias', 'bandeira-tarifaria-acionamento.csv', 'aneel.bandeira_acionamento'],
  ['bandeiras-tarifarias', 'bandeira-tarifaria-adicional.csv', 'aneel.bandeira_adicional'],
  ['bandeiras-tarifarias', 'bandeira-tarifaria-conta-bandeira.csv', ''],
  ['relacao-de-empreendimentos-de-geracao-distribuida', 'empreendimento-geracao-distribuida.csv', 'aneel.mmgd'],
  ['relacao-de-empreendimentos-de-geracao-distribuida', 'empreendimento-geracao-distribuida.zip', 'aneel.mmgd'],
  ['relacao-de-empreendimentos-de-geracao-distribuida', 'empreendimento-geracao-distribuida.parquet', 'aneel.mmgd'],
  [
    'relacao-de-empreendimentos-de-geracao-distribuida',
    'empreendimento-gd-informacoes-tecnicas-fotovoltaica.csv',
    'aneel.gd_fotovoltaica',
  ],
  ['relacao-de-empreendimentos-de-geracao-distribuida', 'empreendimento-gd-informacoes-tecnicas-eolica.csv', ''],
  ['siga-sistema-de-informacoes-de-geracao-da-aneel', 'siga-empreendimentos-geracao-diario.csv', 'aneel.siga'],
  ['siga-sistema-de-informacoes-de-geracao-da-aneel', 'siga-empreendimentos-geracao.csv', ''],
  ['agentes-do-setor-eletrico', 'agentes-setor-eletrico.csv', 'aneel.agentes'],
  ['indqual-municipio', 'indqual-municipio.csv', 'aneel.indqual_municipio'],
  ['subsidios-tarifarios', 'subsidios-tarifarios.csv', 'aneel.subsidios'],
  ['samp', 'samp-2026.csv', 'aneel.samp', '2026'],
  ['samp', 'samp-2003.parquet', 'aneel.samp', '2003'],
  ['samp', 'dd-samp.pdf', ''],
]

/** Datasets that claim a file of a package, with the part. */
function claims(slug: string, file: string): { dataset: string; part: string | undefined }[] {
  const base = file.replace(/\.[a-z]+$/, '')
  return contracts.flatMap((contract) => {
    const match = contract.slug === slug ? new RegExp(contract.resource.file).exec(base) : null
    return match === null ? [] : [{ dataset: contract.dataset, part: match.groups?.part }]
  })
}

/** The columns of a contract that a header's names mean, one list a name. */
function columnsFor(contract: Contract, header: readonly string[]): Column[][] {
  return header.map((name) =>
    contract.columns.filter((column) =>
      [column.source, ...column.aliases].some((candidate) => candidate.toLowerCase() === name.trim().toLowerCase()),
    ),
  )
}

const REAL_DAY = (year: number, month: number, day: number) => {
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}
const TIME = '(?:[T ]\\d{2}:\\d{2}(?::\\d{2}(?:[.,]\\d+)?)?Z?)?'
const ISO = new RegExp(`^(\\d{4})-(\\d{2})-(\\d{2})${TIME}$`)
const DMY = new RegExp(`^(\\d{2})/(\\d{2})/(\\d{4})${TIME}$`)

/** Decimal places a published number really uses: `1400,50` has one, `8,5E-3` four. */
function places(number: string): number {
  const [mantissa = '', exponent = '0'] = number.split(/[eE]/)
  const fraction = (mantissa.split(/[.,]/)[1] ?? '').replace(/0+$/, '')
  return Math.max(0, fraction.length - Number(exponent))
}

/**
 * What is wrong with a published value under a column, or undefined. Written apart from the loader's parser, on purpose.
 * `noise`: the source carries binary noise in this column, so more places than the scale are expected.
 */
function objection(column: Column, raw: string, noise = false): string | undefined {
  const text = raw.trim()
  const none = text === '' || column.nulls.includes(text)
  if (none) return column.notNull ? `${column.name} must not be blank` : undefined
  const wrong = `${column.name} (${column.type}): "${raw}"`
  switch (column.type) {
    case 'text':
      return undefined
    case 'integer':
      return /^-?\d{1,18}$/.test(text) ? undefined : wrong
    case 'decimal':
      if (!/^[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d{1,2})?$/.test(text)) return wrong
      if (!noise && places(text) > (column.scale ?? 0)) return `${wrong} loses digits at ${column.scale} places`
      return undefined
    case 'cnpj':
      return /^\d{1,14}$/.test(text.replaceAll(/[./-]/g, '')) ? undefined : wrong
    case 'month':
    case 'date':
    case 'timestamp': {
      const month = column.type === 'month' ? /^(\d{2})\/(\d{4})$/.exec(text) : null
      if (month) return Number(month[1]) >= 1 && Number(month[1]) <= 12 ? undefined : wrong
      const iso = ISO.exec(text)
      const dmy = DMY.exec(text)
      const [y, m, d] = iso ? [iso[1], iso[2], iso[3]] : dmy ? [dmy[3], dmy[2], dmy[1]] : []
      return REAL_DAY(Number(y), Number(m), Number(d)) ? undefined : wrong
    }
  }
}

function readSample(file: string): { header: string[]; rows: string[][] } {
  const bytes = readFileSync(sampleOf(file))
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    text = new TextDecoder('windows-1252').decode(bytes)
  }
  const first = text.slice(0, text.search(/\r?\n/))
  const delimiter = first.includes(';') ? ';' : ','
  const [header = [], ...rows]: string[][] = parse(text, { delimiter })
  return { header, rows }
}

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

  const file = 'ckan-package_show-dec-fec-2026-10-06.json'
  test('the real package of DEC/FEC: values by decade, limits, and nothing of the other fourteen', {
    skip: without(file),
  }, () => {
    const body: unknown = JSON.parse(readFileSync(sampleOf(file), 'utf8'))
    assert.ok(typeof body === 'object' && body !== null && 'result' in body)
    const { result } = body
    assert.ok(typeof result === 'object' && result !== null && 'resources' in result && 'name' in result)
    assert.ok(Array.isArray(result.resources) && typeof result.name === 'string')
    const slug = result.name
    const found = result.resources.map((resource: unknown) => {
      assert.ok(
        typeof resource === 'object' && resource !== null && 'url' in resource && typeof resource.url === 'string',
      )
      assert.ok('id' in resource)
      const name = resource.url.split('/').at(-1) ?? ''
      return [claims(slug, name), name, resource.id] as const
    })
    assert.equal(found.length, 17)
    assert.deepEqual(
      found
        .filter(([claim]) => claim.length > 0)
        .map(([claim, name]) => [claim[0]?.dataset, claim[0]?.part, name, claim.length])
        .sort(),
      [
        ['aneel.dec_fec', '2000-2009', 'indicadores-continuidade-coletivos-2000-2009.parquet', 1],
        ['aneel.dec_fec', '2000-2009', 'indicadores-continuidade-coletivos-2000-2009.zip', 1],
        ['aneel.dec_fec', '2010-2019', 'indicadores-continuidade-coletivos-2010-2019.parquet', 1],
        ['aneel.dec_fec', '2010-2019', 'indicadores-continuidade-coletivos-2010-2019.zip', 1],
        ['aneel.dec_fec', '2020-2029', 'indicadores-continuidade-coletivos-2020-2029.parquet', 1],
        ['aneel.dec_fec', '2020-2029', 'indicadores-continuidade-coletivos-2020-2029.zip', 1],
        ['aneel.dec_fec_limites', undefined, 'indicadores-continuidade-coletivos-limite.csv', 1],
      ],
    )
    const limits = found.find(([claim]) => claim[0]?.dataset === 'aneel.dec_fec_limites')
    assert.equal(limits?.[2], contractOf('aneel.dec_fec_limites').resource.id)
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

describe('samples of the portal', () => {
  const files: [file: string, dataset: string, rows: number, options?: { cut?: boolean }][] = [
    ['agentes-setor-eletrico-recorte-2026-09-01.csv', 'aneel.agentes', 10],
    ['bandeira-tarifaria-acionamento.csv', 'aneel.bandeira_acionamento', 136],
    ['bandeira-tarifaria-acionamento-2026-09-28.csv', 'aneel.bandeira_acionamento', 141],
    ['bandeira-tarifaria-adicional-2026-07-15.csv', 'aneel.bandeira_adicional', 27],
    ['gd-tecnico-fotovoltaico-datastore-2025-06-30.csv', 'aneel.gd_fotovoltaica', 25],
    ['indicadores-continuidade-coletivos-limite-recorte-2026-09-05.csv', 'aneel.dec_fec_limites', 2],
    ['indqual-municipio-recorte-2026-09-09.latin1.csv', 'aneel.indqual_municipio', 17],
    ['mmgd-33col-2026-01-16.latin1.csv', 'aneel.mmgd', 10],
    ['mmgd-recorte-3-colunas-do-parquet.csv', 'aneel.mmgd', 10, { cut: true }],
    ['samp-amostra.cp1252.csv', 'aneel.samp', 24],
    ['siga-empreendimentos-geracao-diario-recorte-2026-09-30.csv', 'aneel.siga', 9],
    ['siga-recorte-v1-2026-08-07-diario.csv', 'aneel.siga', 15],
    ['siga-recorte-v2-2026-10-01-mensal.csv', 'aneel.siga', 23],
    ['tarifas-homologadas-B-recorte-2026-09-30.csv', 'aneel.tarifas', 35],
  ]
  for (const [file, dataset, count, options] of files) {
    test(`${file}: every row is acceptable, keeps its digits and passes the gates`, { skip: without(file) }, () => {
      const contract = contractOf(dataset)
      const { header, rows } = readSample(file)
      assert.equal(rows.length, count)
      const columns = columnsFor(contract, header).map((found, index) => {
        assert.equal(found.length, 1, `${header[index]} is one column`)
        return found[0]
      })
      if (options?.cut !== true) {
        for (const column of contract.columns) {
          if (column.inHeader === 'required') assert.ok(columns.includes(column), `${column.source} is there`)
        }
      }
      const keys = new Set<string>()
      let repeated = 0
      for (const row of rows) {
        assert.equal(row.length, header.length)
        row.forEach((raw, index) => {
          const column = columns[index]
          assert.ok(column)
          assert.equal(objection(column, raw), undefined)
          assert.ok(!raw.includes('\ufffd'))
        })
        const key = JSON.stringify(contract.key.map((name) => row[columns.findIndex((c) => c?.name === name)]?.trim()))
        if (keys.has(key)) repeated++
        keys.add(key)
      }
      if (options?.cut === true) return
      if (contract.repeats === 'quarantine') assert.equal(repeated, 0, 'no row would be put aside')
      const valuesOf = (name: string) =>
        rows.map((row) => row[columns.findIndex((c) => c?.name === name)]?.trim() ?? '')
      for (const gate of contract.gates) {
        if (gate.gate === 'exists')
          assert.ok(valuesOf(gate.column).includes(gate.equals), `${gate.column} = ${gate.equals}`)
        if (gate.gate !== 'range') continue
        const column = contract.columns.find((candidate) => candidate.name === gate.column)
        const [low, high] = column?.range ?? [0, 0]
        const numbers = valuesOf(gate.column)
          .filter((text) => text !== '' && !column?.nulls.includes(text))
          .map((text) => Number(text.replace(',', '.')))
        const outside = numbers.filter((number) => number < low || number > high).length
        assert.ok(
          outside <= gate.maxShare * numbers.length,
          `${outside} of ${numbers.length} ${gate.column} out of range`,
        )
      }
    })
  }

  const repeats: [file: string, dataset: string, repeated: number][] = [
    ['tarifas-homologadas-B-recorte-2026-09-30.csv', 'aneel.tarifas', 2],
    ['siga-recorte-v1-2026-08-07-diario.csv', 'aneel.siga', 1],
    ['gd-tecnico-fotovoltaico-datastore-2025-06-30.csv', 'aneel.gd_fotovoltaica', 4],
  ]
  for (const [file, dataset, expected] of repeats) {
    test(`${dataset}: the sample repeats its key, which the contract declares`, { skip: without(file) }, () => {
      const contract = contractOf(dataset)
      const { header, rows } = readSample(file)
      const places = contract.key.map((name) =>
        columnsFor(contract, header).findIndex((columns) => columns[0]?.name === name),
      )
      const keys = rows.map((row) => JSON.stringify(places.map((index) => row[index])))
      assert.equal(keys.length - new Set(keys).size, expected)
      assert.equal(contract.repeats, 'number')
    })
  }
})
