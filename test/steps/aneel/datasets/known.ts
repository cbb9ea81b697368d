/** Headers as the portal has served them, with the dataset they must be read as. */
export const HEADERS: [dataset: string, what: string, header: string][] = [
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
  ['aneel.dominio_indicadores', 'file', 'DatGeracaoConjuntoDados;SigIndicador;DscIndicador'],
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
export const RESOURCES: [slug: string, file: string, dataset: string, part?: string][] = [
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
