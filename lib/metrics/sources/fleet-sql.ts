/**
 * What the stores know, in one statement. Each part looks at an index of what is unfinished, or goes from one dataset to the next, so that
 * neither history nor size of the data makes it slow. `$1`: the flows whose schedules are wanted. Times are seconds since 1970.
 */
export const fleetSql = `
with recursive part as (
  (select dataset, part, 1 as place from pipeline.version order by dataset, part limit 1)
  union all
  select next.dataset, next.part, part.place + 1 from part, lateral (
    select v.dataset, v.part from pipeline.version v where (v.dataset, v.part) > (part.dataset, part.part)
    order by v.dataset, v.part limit 1) next
  where part.place < 1000
), latest as (
  select part.dataset, v.published_at, v.rows, v.contract ->> 'cadence' as cadence from part, lateral (
    select v.published_at, v.rows, v.contract from pipeline.version v where v.dataset = part.dataset and v.part = part.part
    order by v.version desc limit 1) v
), held as (
  select dataset, max(published_at) as published, sum(rows) as rows, max(cadence) as cadence from latest group by dataset
), checked as (
  select d.dataset, max(c.value::timestamptz) as at from pipeline.dataset d, lateral jsonb_each_text(d.checked) c group by d.dataset
), lower_tier as (
  select split_part(i.item, ' ', 1) as dataset,
    max(case i.served ->> 'tier' when 'backup' then 'b' when 'cache' then 'c' when 'primary' then 'a' else 'n' end) as tier
  from pipeline.incident o join pipeline.incident_item i on i.incident = o.id
  where o.state = 'open' and i.recovered_at is null group by 1
)
select extract(epoch from clock_timestamp())::float8 as now,
  (select json_agg(json_build_object('queue', queue, 'entries', entries, 'since', extract(epoch from since)::float8)) from (
    select 'runs_queued' as queue, count(*)::int as entries, min(created_at) as since from pipeline.run where state = 'queued'
    union all select 'runs_running', count(*)::int, null from pipeline.run where state = 'running'
    union all select 'runs_parked', count(*)::int, min(due_at) from pipeline.run where state = 'waiting'
    union all select 'items_shared', count(*)::int, null from pipeline.shared_item
    union all select 'outbox_waiting', count(*)::int, min(created_at) from pipeline.outbox
      where delivered_at is null and failed_at is null
    union all select 'outbox_given_up', count(*)::int, null from pipeline.outbox where failed_at is not null
    union all select 'messages_kept', count(*)::int, null from pipeline.kept_message
    union all select 'letters_open', count(*)::int, min(created_at) from pipeline.dead_letter where state = 'open'
    union all select 'incidents_open', count(*)::int, min(opened_at) from pipeline.incident where state = 'open') q) as queues,
  (select json_agg(json_build_object('dataset', coalesce(h.dataset, c.dataset), 'rows', h.rows::float8, 'cadence', h.cadence,
      'published', extract(epoch from h.published)::float8, 'checked', extract(epoch from c.at)::float8,
      'tier', coalesce(t.tier, case when h.dataset is null then 'n' else 'a' end)))
    from held h full join checked c on c.dataset = h.dataset
    left join lower_tier t on t.dataset = coalesce(h.dataset, c.dataset)) as datasets,
  (select json_agg(json_build_object('flow', flow, 'expression', expression, 'timeZone', time_zone,
      'last', extract(epoch from last_slot)::float8))
    from pipeline.schedule where flow = any($1)) as schedules,
  pg_database_size(current_database())::float8 as size`
