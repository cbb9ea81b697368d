-- name: aneel.tusd_fio_b, aneel.tusd_fio_b_atual, aneel.hoje, aneel.data_do_ato
-- purpose: The component TUSD_FioB of each tariff on a day, which Law 14.300/2022 makes compensated energy pay in part:
--          one row a key, with the same column names as aneel.tarifa_vigente.
-- rule: Component TUSD_FioB, base "Tarifa de Aplicação", chosen by the rule of aneel.tarifa_vigente (latest start, latest
--       act by date, shortest validity), so that it belongs to the tariff that view gives.
-- rule: The yearly files overlap. What the rule leaves tied, the same validity and act in two years, is taken from the
--       later file. What is tied even within one file is the higher value, and `empate` says so where values differ.
-- rule: Only what is loaded can be found: a tariff in force may have begun last year, so load the two latest files.
-- source: genarolins1975/scrutiniums, section 3.4 (the same validity in the files of 2020 and 2021 with other values; in
--         2022 192 equal and 13 conflicting repeats within the file).
-- requires: aneel.componentes_tarifarias

-- aneel.hoje and aneel.data_do_ato stand in every file that needs them, word for word (a test holds that): each file can be
-- applied alone, for somebody who loads one dataset only.
create or replace function aneel.hoje() returns date
language sql stable parallel safe
as $$ select (now() at time zone 'America/Sao_Paulo')::date $$;
comment on function aneel.hoje() is 'Dia civil de hoje em Brasília, qualquer que seja o fuso da sessão';

-- Months are told by their first three letters, which are ASCII: "MARÇO" in upper case is safe in any collation.
create or replace function aneel.data_do_ato(texto text) returns date
language sql immutable parallel safe
as $$
  select case
    when d.mes is null or d.dia < 1 then null
    when d.dia > extract(day from make_date(d.ano, d.mes, 1) + interval '1 month - 1 day') then null
    else make_date(d.ano, d.mes, d.dia)
  end
  from (
    select
      m[1]::int as dia,
      array_position(
        array['jan', 'fev', 'mar', 'abr', 'mai', 'jun', 'jul', 'ago', 'set', 'out', 'nov', 'dez'],
        lower(left(m[2], 3))
      ) as mes,
      m[3]::int as ano
    from regexp_match(
      translate(texto, chr(160), ' '),
      '(?:^|[^0-9.])([0-9]{1,2})\s*[º°]?\s+DE\s+([^\s0-9]{3,})\s+DE\s+((?:19|20)[0-9]{2})(?![0-9])',
      'i'
    ) as m
  ) d
$$;
comment on function aneel.data_do_ato(text) is 'Data escrita por extenso no texto de um ato da ANEEL; nulo se não houver';

create or replace function aneel.tusd_fio_b(dia date default aneel.hoje())
returns table (
  num_cnpj_distribuidora text,
  sig_agente text,
  dsc_sub_grupo text,
  dsc_modalidade_tarifaria text,
  dsc_classe text,
  dsc_sub_classe text,
  dsc_detalhe text,
  nom_posto_tarifario text,
  dsc_unidade_terciaria text,
  sig_agente_acessante text,
  situacao text,
  dias_vencida integer,
  dat_inicio_vigencia date,
  dat_fim_vigencia date,
  dsc_reh text,
  data_ato date,
  parte text,
  empate boolean,
  fio_b_rs_mwh numeric,
  fio_b_rs_kwh numeric,
  fio_b_rs_kw numeric
)
language sql stable parallel safe rows 10000
as $$
  select
    r.num_cpf_cnpj,
    r.sig_nome_agente,
    r.dsc_sub_grupo_tarifario,
    r.dsc_modalidade_tarifaria,
    r.dsc_classe_consumidor,
    r.dsc_sub_classe_consumidor,
    r.dsc_detalhe_consumidor,
    r.dsc_posto_tarifario,
    replace(r.dsc_unidade, 'R$/', ''),
    r.sig_nome_agente_acessante,
    case when r.ultimo_dia = $1 then 'vigente' else 'vencida' end,
    case when r.ultimo_dia < $1 then $1 - r.ultimo_dia end,
    r.dat_inicio_vigencia,
    r.dat_fim_vigencia,
    r.dsc_resolucao_homologatoria,
    r.data_ato,
    r.parte,
    r.empate,
    case when r.dsc_unidade = 'R$/MWh' then r.vlr_componente_tarifario end,
    case when r.dsc_unidade = 'R$/MWh' then r.vlr_componente_tarifario * 0.001 end,
    case when r.dsc_unidade = 'R$/kW' then r.vlr_componente_tarifario end
  from (
    select
      c.*,
      row_number() over escolha as lugar,
      min(c.vlr_componente_tarifario) over regra
        is distinct from max(c.vlr_componente_tarifario) over regra as empate
    from (
      select v.*, aneel.data_do_ato(v.dsc_resolucao_homologatoria) as data_ato
      from (
        select
          t.num_cpf_cnpj, t.sig_nome_agente, t.dsc_sub_grupo_tarifario, t.dsc_modalidade_tarifaria, t.dsc_classe_consumidor,
          t.dsc_sub_classe_consumidor, t.dsc_detalhe_consumidor, t.dsc_posto_tarifario, t.dsc_unidade,
          t.sig_nome_agente_acessante, t.dat_inicio_vigencia, t.dat_fim_vigencia, t.dsc_resolucao_homologatoria,
          t.vlr_componente_tarifario, t.parte,
          max(least(coalesce(t.dat_fim_vigencia, 'infinity'), $1)) over (
            partition by t.num_cpf_cnpj, t.dsc_sub_grupo_tarifario, t.dsc_modalidade_tarifaria, t.dsc_classe_consumidor,
              t.dsc_sub_classe_consumidor, t.dsc_detalhe_consumidor, t.dsc_posto_tarifario, t.dsc_unidade,
              t.sig_nome_agente_acessante
          ) as ultimo_dia
        from aneel.componentes_tarifarias t
        where t.dsc_componente_tarifario = 'TUSD_FioB'
          and t.dsc_base_tarifaria = 'Tarifa de Aplicação'
          and t.dat_inicio_vigencia <= $1
      ) v
      where coalesce(v.dat_fim_vigencia, 'infinity') >= v.ultimo_dia
    ) c
    window
      regra as (
        partition by c.num_cpf_cnpj, c.dsc_sub_grupo_tarifario, c.dsc_modalidade_tarifaria, c.dsc_classe_consumidor,
          c.dsc_sub_classe_consumidor, c.dsc_detalhe_consumidor, c.dsc_posto_tarifario, c.dsc_unidade,
          c.sig_nome_agente_acessante
        order by c.dat_inicio_vigencia desc, c.data_ato desc nulls last, c.dat_fim_vigencia nulls last, c.parte desc
      ),
      escolha as (
        partition by c.num_cpf_cnpj, c.dsc_sub_grupo_tarifario, c.dsc_modalidade_tarifaria, c.dsc_classe_consumidor,
          c.dsc_sub_classe_consumidor, c.dsc_detalhe_consumidor, c.dsc_posto_tarifario, c.dsc_unidade,
          c.sig_nome_agente_acessante
        order by c.dat_inicio_vigencia desc, c.data_ato desc nulls last, c.dat_fim_vigencia nulls last, c.parte desc,
          c.vlr_componente_tarifario desc nulls last, c.dsc_resolucao_homologatoria nulls last, c.sig_nome_agente nulls last
      )
  ) r
  where r.lugar = 1
$$;

comment on function aneel.tusd_fio_b(date) is
  'Componente TUSD Fio B de cada tarifa de aplicação num dia, sem repetir entre os arquivos anuais. Sem tributos';

create or replace view aneel.tusd_fio_b_atual as
select * from aneel.tusd_fio_b(aneel.hoje());

comment on view aneel.tusd_fio_b_atual is 'TUSD Fio B no dia civil de hoje em Brasília. Fonte: ANEEL, ODbL';
