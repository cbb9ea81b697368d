-- name: aneel.tarifa_vigente, aneel.tarifa_atual, aneel.hoje, aneel.data_do_ato
-- purpose: The application tariff of each distributor, subgroup, modality, class, subclass, detail, period, unit and
--          accessing agent on a day: one row a key.
-- rule: Only "Tarifa de Aplicação"; "Base Econômica" is for calculation and is never billed.
-- rule: Both ends of a validity are inclusive. Among the rows that cover the day, the latest start wins; then the latest
--       act by the date in its text (an act without a date loses); then the shortest validity. What is still tied is the
--       same act published twice with other values: the higher TUSD, then the higher TE, so that the answer is always the
--       same, and `empate` says so.
-- rule: Where no row covers the day, the row that the rule gave on the last day that had one is returned as
--       situacao = 'vencida' with `dias_vencida`; it is never called current. A tariff not yet in force is not returned.
-- rule: TUSD and TE both zero: not homologated for that subclass. `homologada` is false and the R$ columns are null, so
--       that nobody takes it for free energy; `vlr_tusd` and `vlr_te` keep what was published.
-- rule: MWh rows have R$/MWh and R$/kWh, and only there TUSD + TE means something. kW rows have R$/kW.
-- rule: Today is the civil day of Brasília, not of UTC: from 21:00 to midnight they differ.
-- rule: The date of an act is read from its text ("RESOLUÇÃO HOMOLOGATÓRIA Nº 3.556, DE 9 DE DEZEMBRO DE 2025", "DSP
--       RETIFICAÇÃO DE 24 DE NOVEMBRO DE 2016"), never derived from its number, which does not order in time (3.556 is of
--       December 2025, 3.318 of August 2026). A text without a whole, possible date has none.
-- source: measured by nessenergy/Alupdatalake (2026-10-02: 517 of 10,366 live keys overlap, 34 of 115 distributors have
--         no row that covers the day); rule published by genarolins1975/scrutiniums, "Conta de luz", section 3.2.
-- requires: aneel.tarifas

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

-- A key's last day with a tariff is max(min(end, day)): the day itself where one covers it. The rows that reach that day
-- are the candidates, so current and lapsed are one case. Filters on key columns reach the scan (they partition every
-- window), and the function is inlined into the query that calls it. The body is bound late, on purpose: a publication may
-- replace the view aneel.tarifas without dropping what is derived from it.
create or replace function aneel.tarifa_vigente(dia date default aneel.hoje())
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
  homologada boolean,
  empate boolean,
  vlr_tusd numeric,
  vlr_te numeric,
  tusd_rs_mwh numeric,
  te_rs_mwh numeric,
  tarifa_rs_mwh numeric,
  tusd_rs_kwh numeric,
  te_rs_kwh numeric,
  tarifa_rs_kwh numeric,
  tusd_rs_kw numeric
)
language sql stable parallel safe rows 10000
as $$
  select
    r.num_cnpj_distribuidora,
    r.sig_agente,
    r.dsc_sub_grupo,
    r.dsc_modalidade_tarifaria,
    r.dsc_classe,
    r.dsc_sub_classe,
    r.dsc_detalhe,
    r.nom_posto_tarifario,
    r.dsc_unidade_terciaria,
    r.sig_agente_acessante,
    case when r.ultimo_dia = $1 then 'vigente' else 'vencida' end,
    case when r.ultimo_dia < $1 then $1 - r.ultimo_dia end,
    r.dat_inicio_vigencia,
    r.dat_fim_vigencia,
    r.dsc_reh,
    r.data_ato,
    r.homologada,
    r.empate,
    r.vlr_tusd,
    r.vlr_te,
    case when r.homologada and r.dsc_unidade_terciaria = 'MWh' then r.vlr_tusd end,
    case when r.homologada and r.dsc_unidade_terciaria = 'MWh' then r.vlr_te end,
    case when r.homologada and r.dsc_unidade_terciaria = 'MWh' then r.vlr_tusd + r.vlr_te end,
    case when r.homologada and r.dsc_unidade_terciaria = 'MWh' then r.vlr_tusd * 0.001 end,
    case when r.homologada and r.dsc_unidade_terciaria = 'MWh' then r.vlr_te * 0.001 end,
    case when r.homologada and r.dsc_unidade_terciaria = 'MWh' then (r.vlr_tusd + r.vlr_te) * 0.001 end,
    case when r.homologada and r.dsc_unidade_terciaria = 'kW' then r.vlr_tusd end
  from (
    select
      c.*,
      not (coalesce(c.vlr_tusd, 0) = 0 and coalesce(c.vlr_te, 0) = 0) as homologada,
      row_number() over escolha as lugar,
      min(c.vlr_tusd) over regra is distinct from max(c.vlr_tusd) over regra
        or min(c.vlr_te) over regra is distinct from max(c.vlr_te) over regra as empate
    from (
      select v.*, aneel.data_do_ato(v.dsc_reh) as data_ato
      from (
        select
          t.num_cnpj_distribuidora, t.sig_agente, t.dsc_sub_grupo, t.dsc_modalidade_tarifaria, t.dsc_classe,
          t.dsc_sub_classe, t.dsc_detalhe, t.nom_posto_tarifario, t.dsc_unidade_terciaria, t.sig_agente_acessante,
          t.dat_inicio_vigencia, t.dat_fim_vigencia, t.dsc_reh, t.vlr_tusd, t.vlr_te,
          max(least(coalesce(t.dat_fim_vigencia, 'infinity'), $1)) over (
            partition by t.num_cnpj_distribuidora, t.dsc_sub_grupo, t.dsc_modalidade_tarifaria, t.dsc_classe,
              t.dsc_sub_classe, t.dsc_detalhe, t.nom_posto_tarifario, t.dsc_unidade_terciaria, t.sig_agente_acessante
          ) as ultimo_dia
        from aneel.tarifas t
        where t.dsc_base_tarifaria = 'Tarifa de Aplicação' and t.dat_inicio_vigencia <= $1
      ) v
      where coalesce(v.dat_fim_vigencia, 'infinity') >= v.ultimo_dia
    ) c
    window
      regra as (
        partition by c.num_cnpj_distribuidora, c.dsc_sub_grupo, c.dsc_modalidade_tarifaria, c.dsc_classe,
          c.dsc_sub_classe, c.dsc_detalhe, c.nom_posto_tarifario, c.dsc_unidade_terciaria, c.sig_agente_acessante
        order by c.dat_inicio_vigencia desc, c.data_ato desc nulls last, c.dat_fim_vigencia nulls last
      ),
      escolha as (
        partition by c.num_cnpj_distribuidora, c.dsc_sub_grupo, c.dsc_modalidade_tarifaria, c.dsc_classe,
          c.dsc_sub_classe, c.dsc_detalhe, c.nom_posto_tarifario, c.dsc_unidade_terciaria, c.sig_agente_acessante
        order by c.dat_inicio_vigencia desc, c.data_ato desc nulls last, c.dat_fim_vigencia nulls last,
          c.vlr_tusd desc nulls last, c.vlr_te desc nulls last, c.dsc_reh nulls last, c.sig_agente nulls last
      )
  ) r
  where r.lugar = 1
$$;

comment on function aneel.tarifa_vigente(date) is
  'Tarifa de aplicação de cada chave num dia: vigente, ou a última que vigorou (vencida, com os dias). Sem tributos e sem bandeira';

create or replace view aneel.tarifa_atual as
select * from aneel.tarifa_vigente(aneel.hoje());

comment on view aneel.tarifa_atual is
  'Tarifa de aplicação no dia civil de hoje em Brasília (filtre situacao = ''vigente''). Fonte: ANEEL, ODbL';
