-- name: aneel.mmgd_municipio_mes
-- purpose: Distributed generation by municipality, class and month of connection: units, power, and both accumulated.
-- rule: The month is that of DthAtualizaCadastralEmpreend, which in spite of its name is the connection date (equal to
--       DatConexao in every one of 4,655,916 rows of the technical data).
-- rule: Units without a date (46 with a sentinel in September 2026) have `mes` null: they are counted apart and enter no
--       accumulated value.
-- rule: A 6-digit municipality code is completed where exactly one 7-digit code of that state begins with it, otherwise kept.
-- rule: `potencia_kw` and `quantidade` add up over anything. Accumulated columns do not: the first pair runs over
--       municipality and class, the last column over the whole municipality (use one row a month of it).
-- rule: Rows of the registry are counted as published: a repeated code counts twice. The last six months are provisional,
--       and units that left the registry are not in it.
-- source: genarolins1975/scrutiniums, "transição", checked against the technical data.
-- requires: aneel.mmgd

-- Two scans (one finds the whole codes), one aggregate, and windows over the groups. Filters on sig_uf and on the municipality
-- reach the scan. The body is bound late, on purpose: a publication may replace the view aneel.mmgd.
create or replace function aneel.mmgd_municipio_mes()
returns table (
  sig_uf text,
  cod_municipio_ibge text,
  nom_municipio text,
  dsc_classe_consumo text,
  mes date,
  quantidade bigint,
  potencia_kw numeric,
  quantidade_acumulada bigint,
  potencia_acumulada_kw numeric,
  potencia_acumulada_municipio_kw numeric
)
language sql stable parallel safe rows 100000
as $$
  select
    s.sig_uf,
    s.codigo,
    s.nome,
    s.dsc_classe_consumo,
    s.mes,
    s.quantidade,
    s.potencia_kw,
    case when s.mes is not null then (sum(s.quantidade) over classe)::bigint end,
    case when s.mes is not null then sum(s.potencia_kw) over classe end,
    case when s.mes is not null then sum(s.potencia_kw) over municipio end
  from (
    select
      e.sig_uf,
      coalesce(k.codigo, e.cod_municipio_ibge) as codigo,
      max(e.nom_municipio) as nome,
      e.dsc_classe_consumo,
      date_trunc('month', e.dth_atualiza_cadastral_empreend::timestamp)::date as mes,
      count(*) as quantidade,
      sum(e.mda_potencia_instalada_kw) as potencia_kw
    from aneel.mmgd e
    left join (
      select m.sig_uf, left(m.cod_municipio_ibge, 6) as prefixo, min(m.cod_municipio_ibge) as codigo
      from aneel.mmgd m
      where length(m.cod_municipio_ibge) = 7
      group by m.sig_uf, left(m.cod_municipio_ibge, 6)
      having min(m.cod_municipio_ibge) = max(m.cod_municipio_ibge)
    ) k on length(e.cod_municipio_ibge) = 6 and k.prefixo = e.cod_municipio_ibge and k.sig_uf = e.sig_uf
    group by e.sig_uf, coalesce(k.codigo, e.cod_municipio_ibge), e.dsc_classe_consumo,
      date_trunc('month', e.dth_atualiza_cadastral_empreend::timestamp)::date
  ) s
  window
    municipio as (partition by s.sig_uf, s.codigo order by s.mes nulls last),
    classe as (partition by s.sig_uf, s.codigo, s.dsc_classe_consumo order by s.mes nulls last)
$$;

comment on function aneel.mmgd_municipio_mes() is 'Corpo da visão aneel.mmgd_municipio_mes';

create or replace view aneel.mmgd_municipio_mes as
select * from aneel.mmgd_municipio_mes();

comment on view aneel.mmgd_municipio_mes is
  'Micro e minigeração por município, classe e mês de conexão, com acumulados. Fonte: ANEEL, ODbL';
