-- name: aneel.tarifa_b1_residencial
-- purpose: The ordinary residential tariff (B1) of each distributor today: one row a CNPJ.
-- rule: Subgroup B1, modality Convencional, subclass Residencial, and no detail, period or accessing agent. The class is
--       not enough: it also takes low income and the social tariffs that exist since 2025, which have subclasses of their own.
-- rule: Lapsed tariffs are kept and marked, as in aneel.tarifa_vigente: filter situacao = 'vigente' for those in force.
-- source: nessenergy/Alupdatalake and genarolins1975/scrutiniums, section 3.1.
-- requires: aneel.tarifas

create or replace view aneel.tarifa_b1_residencial as
select
  num_cnpj_distribuidora,
  sig_agente,
  situacao,
  dias_vencida,
  dat_inicio_vigencia,
  dat_fim_vigencia,
  dsc_reh,
  data_ato,
  homologada,
  empate,
  tusd_rs_mwh,
  te_rs_mwh,
  tarifa_rs_mwh,
  tusd_rs_kwh,
  te_rs_kwh,
  tarifa_rs_kwh
from aneel.tarifa_atual
where dsc_sub_grupo = 'B1'
  and dsc_modalidade_tarifaria = 'Convencional'
  and dsc_classe = 'Residencial'
  and dsc_sub_classe = 'Residencial'
  and dsc_detalhe = 'Não se aplica'
  and nom_posto_tarifario = 'Não se aplica'
  and dsc_unidade_terciaria = 'MWh'
  and sig_agente_acessante = 'Não se aplica';

comment on view aneel.tarifa_b1_residencial is
  'Tarifa B1 residencial convencional de cada distribuidora hoje, sem tributos e sem bandeira. Fonte: ANEEL, ODbL';
