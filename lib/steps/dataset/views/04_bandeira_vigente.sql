-- name: aneel.bandeira_vigente, aneel.bandeira_atual, aneel.hoje
-- purpose: The tariff flag of a day's month and what it adds to the tariff: one row, none where nothing is known by then.
-- rule: The value of Acionamento is R$/MWh, although its dictionary says R$/kWh (18,85 is R$ 0,01885/kWh). No taxes.
-- rule: Where the month is not published yet (seen as late as the 12th), the last month before it is returned with
--       situacao = 'mes anterior', its `competencia` and how many months late it is; it is never called current.
-- rule: The adder of the resolution in force on the first day of the month stands beside it for information only: 10 of 141
--       months disagree with it (3 without a resolution, 7 with another value), and Acionamento is what was charged.
-- source: genarolins1975/scrutiniums, section 3.7; vodikus/ha_tarifas_energia_brasil issue 10.
-- requires: aneel.bandeira_acionamento, aneel.bandeira_adicional

-- aneel.hoje stands in every file that needs it, word for word (a test holds that): each file can be applied alone.
create or replace function aneel.hoje() returns date
language sql stable parallel safe
as $$ select (now() at time zone 'America/Sao_Paulo')::date $$;
comment on function aneel.hoje() is 'Dia civil de hoje em Brasília, qualquer que seja o fuso da sessão';

create or replace function aneel.bandeira_vigente(dia date default aneel.hoje())
returns table (
  competencia date,
  situacao text,
  meses_de_atraso integer,
  bandeira text,
  adicional_rs_mwh numeric,
  adicional_rs_kwh numeric,
  adicional_rs_100kwh numeric,
  resolucao text,
  resolucao_vigencia date,
  resolucao_rs_mwh numeric,
  confere boolean
)
language sql stable parallel safe rows 1
as $$
  select
    b.dat_competencia,
    case when b.dat_competencia = m.mes then 'vigente' else 'mes anterior' end,
    (extract(year from m.mes) * 12 + extract(month from m.mes)
      - extract(year from b.dat_competencia) * 12 - extract(month from b.dat_competencia))::int,
    b.nom_bandeira_acionada,
    b.vlr_adicional_bandeira,
    b.vlr_adicional_bandeira * 0.001,
    b.vlr_adicional_bandeira * 0.1,
    a.dsc_resolucao,
    a.dat_vigencia,
    a.vlr_adicional_bandeira_rs_mwh,
    b.vlr_adicional_bandeira = a.vlr_adicional_bandeira_rs_mwh
  from (select date_trunc('month', $1::timestamp)::date as mes) m
  cross join lateral (
    select c.dat_competencia, c.nom_bandeira_acionada, c.vlr_adicional_bandeira
    from aneel.bandeira_acionamento c
    where c.dat_competencia <= m.mes
    order by c.dat_competencia desc, c.vlr_adicional_bandeira desc nulls last, c.nom_bandeira_acionada
    limit 1
  ) b
  left join lateral (
    select d.dsc_resolucao, d.dat_vigencia, d.vlr_adicional_bandeira_rs_mwh
    from aneel.bandeira_adicional d
    where d.nom_bandeira_acionada = b.nom_bandeira_acionada and d.dat_vigencia <= b.dat_competencia
    order by d.dat_vigencia desc, d.dsc_resolucao
    limit 1
  ) a on true
$$;

comment on function aneel.bandeira_vigente(date) is
  'Bandeira tarifária do mês de um dia e seu adicional, ou a do último mês publicado (mes anterior). Sem tributos';

create or replace view aneel.bandeira_atual as
select * from aneel.bandeira_vigente(aneel.hoje());

comment on view aneel.bandeira_atual is 'Bandeira tarifária no dia civil de hoje em Brasília. Fonte: ANEEL, ODbL';
