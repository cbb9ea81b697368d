import { uuidOf } from '../generate/random.ts'
import { dictionary, type PackageEntry, pack, resource } from './model.ts'

const DATE = 'DatGeracaoConjuntoDados'
const AGENT = ['NumCNPJ', 'SigAgente', 'NomAgente']
const VALUE = ['AnoReferencia', 'MesReferencia', 'VlrApurado']

/** Packages without a contract: slug, title and columns after the date. A discontinued one says so in its title. */
const OTHERS: readonly (readonly [slug: string, title: string, columns: readonly string[]])[] = [
  [
    'interrupcoes-de-energia-eletrica-nas-redes-de-distribuicao',
    'Interrupções de Energia Elétrica nas Redes de Distribuição',
    [
      'IdeConjuntoUnidadeConsumidora',
      'DscConjuntoUnidadeConsumidora',
      'DscAlimentadorSubestacao',
      'DscSubestacaoDistribuicao',
      'NumOrdemInterrupcao',
      'DscTipoInterrupcao',
      'IdeMotivoInterrupcao',
      'DatInicioInterrupcao',
      'DatFimInterrupcao',
      'DscFatoGeradorInterrupcao',
      'NumNivelTensao',
      'NumUnidadeConsumidora',
      'NumConsumidorConjunto',
      'NumAno',
      'NomAgenteRegulado',
      'SigAgente',
      'NumCPFCNPJ',
    ],
  ],
  [
    'conta-desenvolvimento-energetico-cde-custeio-dos-beneficios-tarifarios',
    'Conta de Desenvolvimento Energético (CDE) - custeio dos benefícios tarifários',
    ['AnoReferencia', 'DscTipoFonte', 'DscFonte', 'VlrCusteio'],
  ],
  ['beneficiarios-da-cde', 'Beneficiários da CDE', ['SigAgente', 'CodIbgeMunicipio', 'DscTipoSubsidio', 'VlrSubsidio']],
  [
    'projetos-de-pesquisa-e-desenvolvimento',
    'Projetos de Pesquisa e Desenvolvimento',
    ['CodProjeto', 'DscTituloProjeto', 'DscTema', 'VlrCusto'],
  ],
  [
    'projetos-de-eficiencia-energetica',
    'Projetos de Eficiência Energética',
    ['CodProjeto', 'DscTipologia', 'SigAgente', 'VlrCusto'],
  ],
  [
    'base-de-dados-geografica-da-distribuidora-bdgd',
    'Base de Dados Geográfica da Distribuidora - BDGD',
    [...AGENT, 'CodEntidade'],
  ],
  [
    'agentes-de-geracao-de-energia-eletrica',
    'Agentes de Geração de Energia Elétrica',
    [...AGENT, 'QtdUsinas', 'MdaPotenciaKw'],
  ],
  ['autos-de-infracao', 'Autos de Infração', [...AGENT, 'NumAuto', 'VlrMulta']],
  ['campos-da-indger-dados-comerciais', 'IndGer - Dados Comerciais', [...AGENT, ...VALUE]],
  ['indger-dados-tecnicos', 'IndGer - Dados Técnicos', [...AGENT, ...VALUE]],
  [
    'capacidade-instalada-por-unidade-da-federacao',
    'Capacidade instalada por unidade da federação',
    ['SigUF', ...VALUE],
  ],
  [
    'compensacao-financeira-pela-utilizacao-de-recursos-hidricos',
    'Compensação Financeira pela Utilização de Recursos Hídricos',
    ['SigUF', 'NomMunicipio', ...VALUE],
  ],
  ['contratos-de-compra-de-energia', 'Contratos de compra de energia', [...AGENT, 'NumContrato', 'VlrMontante']],
  [
    'desempenho-das-distribuidoras-na-continuidade',
    'Desempenho das distribuidoras na continuidade',
    [...AGENT, ...VALUE],
  ],
  ['empreendimentos-em-expansao', 'Empreendimentos em expansão', ['CodCEG', 'NomEmpreendimento', 'DatPrevisao']],
  [
    'indice-aneel-de-satisfacao-do-consumidor-iasc',
    'Índice ANEEL de Satisfação do Consumidor - IASC',
    [...AGENT, 'AnoReferencia', 'VlrIASC'],
  ],
  [
    'indicadores-de-qualidade-do-atendimento-telefonico',
    'Indicadores de qualidade do atendimento telefônico',
    [...AGENT, ...VALUE],
  ],
  ['indicadores-de-atendimento-comercial', 'Indicadores de atendimento comercial', [...AGENT, ...VALUE]],
  [
    'indicadores-de-atendimento-a-ocorrencias-emergenciais',
    'Indicadores de atendimento a ocorrências emergenciais',
    [...AGENT, ...VALUE],
  ],
  [
    'indicadores-de-conformidade-do-nivel-de-tensao',
    'Indicadores de conformidade do nível de tensão',
    [...AGENT, ...VALUE],
  ],
  ['inadimplencia-das-distribuidoras', 'Inadimplência das distribuidoras', [...AGENT, ...VALUE]],
  ['leiloes-de-geracao', 'Leilões de geração', ['NumLeilao', 'NomEmpreendimento', 'VlrPreco']],
  ['leiloes-de-transmissao', 'Leilões de transmissão', ['NumLeilao', 'NomLote', 'VlrRAP']],
  ['linhas-de-transmissao', 'Linhas de transmissão', ['NomLinha', 'MdaExtensao', 'NumTensao']],
  ['luz-para-todos', 'Luz para Todos', ['SigUF', ...VALUE]],
  ['ouvidoria-setorial', 'Ouvidoria Setorial', [...AGENT, 'QtdReclamacoes', ...VALUE]],
  ['perdas-de-energia-eletrica', 'Perdas de energia elétrica', [...AGENT, ...VALUE]],
  [
    'pesquisa-de-clima-organizacional',
    'Pesquisa de clima organizacional',
    ['AnoReferencia', 'DscPergunta', 'VlrResposta'],
  ],
  ['plano-de-desenvolvimento-da-distribuicao', 'Plano de Desenvolvimento da Distribuição', [...AGENT, ...VALUE]],
  ['processos-tarifarios', 'Processos tarifários', [...AGENT, 'NumProcesso', 'DatInicioVigencia']],
  ['qualidade-do-produto', 'Qualidade do produto', [...AGENT, ...VALUE]],
  [
    'ralie-relatorio-de-acompanhamento-da-expansao',
    'RALIE - Relatório de Acompanhamento da Expansão',
    ['CodCEG', 'DscSituacao', 'DatRALIE'],
  ],
  ['receita-anual-permitida', 'Receita Anual Permitida', [...AGENT, 'NomModulo', 'VlrRAP']],
  ['reclamacoes-nas-distribuidoras', 'Reclamações nas distribuidoras', [...AGENT, 'DscTipo', ...VALUE]],
  ['relatorio-de-informacoes-trimestrais', 'Relatório de Informações Trimestrais', [...AGENT, ...VALUE]],
  ['seguranca-de-barragens', 'Segurança de barragens', ['NomBarragem', 'SigUF', 'DscClasse']],
  ['seguranca-do-trabalho-e-das-instalacoes', 'Segurança do trabalho e das instalações', [...AGENT, ...VALUE]],
  ['subestacoes-de-transmissao', 'Subestações de transmissão', ['NomSubestacao', 'SigUF', 'NumTensao']],
  ['tarifa-social-de-energia-eletrica', 'Tarifa Social de Energia Elétrica', [...AGENT, 'SigUF', ...VALUE]],
  ['tarifas-residenciais-historico', 'Tarifas residenciais: histórico', [...AGENT, ...VALUE]],
  [
    'taxa-de-fiscalizacao-de-servicos-de-energia-eletrica',
    'Taxa de Fiscalização de Serviços de Energia Elétrica',
    [...AGENT, ...VALUE],
  ],
  ['termos-de-intimacao', 'Termos de intimação', [...AGENT, 'NumTermo']],
  ['unidades-consumidoras-por-classe', 'Unidades consumidoras por classe', [...AGENT, 'DscClasse', ...VALUE]],
  ['universalizacao-do-acesso', 'Universalização do acesso', [...AGENT, 'NomMunicipio', ...VALUE]],
  [
    'usinas-hidreletricas-reservatorios',
    'Usinas hidrelétricas: reservatórios',
    ['CodCEG', 'NomReservatorio', 'MdaArea'],
  ],
  ['veiculos-da-frota', 'Veículos da frota', ['DscVeiculo', 'AnoReferencia']],
  ['viagens-a-servico', 'Viagens a serviço', ['NomDestino', 'VlrCusto']],
  ['audiencias-e-consultas-publicas', 'Audiências e consultas públicas', ['NumConsulta', 'DscAssunto', 'DatInicio']],
  ['boletim-de-energia', 'Boletim de energia', VALUE],
  ['contratos-e-convenios', 'Contratos e convênios', ['NumContrato', 'DscObjeto', 'VlrContrato']],
  [
    'projetos-por-tipologia',
    'Projetos por tipologia (descontinuado)',
    ['DscTipologia', 'QtdProjetos', 'VlrInvestimento'],
  ],
  ['acrescimo-anual-da-potencia-instalada', 'Acréscimo anual da potência instalada (descontinuado)', VALUE],
  ['atendimento-telefonico-antigo', 'Atendimento telefônico (descontinuado)', [...AGENT, ...VALUE]],
  ['consumidores-por-regiao', 'Consumidores por região (descontinuado)', ['NomRegiao', ...VALUE]],
  ['energia-economizada-por-uf', 'Energia economizada por UF (descontinuado)', ['SigUF', ...VALUE]],
  ['geracao-por-fonte', 'Geração por fonte (descontinuado)', ['DscFonte', ...VALUE]],
  ['indicadores-gerenciais-ig', 'Indicadores gerenciais (descontinuado)', VALUE],
  ['investimentos-em-pd', 'Investimentos em P&D (descontinuado)', [...AGENT, ...VALUE]],
  ['linhas-por-tensao', 'Linhas por tensão (descontinuado)', ['NumTensao', ...VALUE]],
  ['matriz-por-origem-de-combustivel', 'Matriz por origem de combustível (descontinuado)', ['DscOrigem', ...VALUE]],
  ['tarifas-medias-por-classe', 'Tarifas médias por classe (descontinuado)', ['DscClasse', ...VALUE]],
]

/** The rest of the portal's 71 packages, 11 of them discontinued. */
export function otherPackages(): PackageEntry[] {
  return OTHERS.map(([slug, title, columns], index) => {
    const discontinued = title.endsWith('(descontinuado)')
    const modified = discontinued
      ? '2021-11-30T19:08:32.300423'
      : `2026-09-0${1 + (index % 9)}T05:1${index % 10}:37.727241`
    return pack({
      id: slug === 'projetos-por-tipologia' ? '8ea45cdf-0031-44c8-9524-e400aaf86a06' : uuidOf(`package ${slug}`),
      name: slug,
      title,
      group: 'Institucional',
      discontinued,
      created: '2026-05-27T15:58:06.215982',
      resources: [
        dictionary(uuidOf(`dictionary ${slug}`), `dm-${slug}.pdf`),
        resource({
          id: uuidOf(`resource ${slug}`),
          name: `${slug}.csv`,
          file: `${slug}.csv`,
          modified,
          datastore: index % 3 === 0 ? 'whole' : 'none',
          hash: index % 3 === 0 ? 'fresh' : 'none',
          content: {
            kind: 'text',
            columns: [DATE, ...columns],
            rows: 20 + ((index * 37) % 80),
            dialect: discontinued ? { encoding: 'windows-1252', quote: 'none' } : {},
          },
        }),
      ],
    })
  })
}
