/**
 * Parts of SQL statements that write letters together with the failure they tell of. Only names of columns, parameters and CTEs of
 * our own go in; values are parameters.
 */

/** SQL: whether a flow may have one more open letter. */
export function room(flow: string, limit: string): string {
  return `(select count(*) from (select from pipeline.dead_letter o where o.flow = ${flow} and o.state = 'open'
    limit ${limit}::int) as counted) < ${limit}::int`
}

/**
 * CTEs after the update `ended` of pipeline.run (returning id, flow, slot, trigger, input, state, error, redrive_of, letter): a run
 * that failed gets a letter with the id `letter`, unless all there is to say are its items' letters; the messages of a redrive that failed
 * are open again; and a redrive that is done says so on the letters of the runs before it. CTE `letter` has a row when one was written,
 * `wanting` when one should have been.
 */
export function afterRuns(limit: string): string {
  return `
    wanting as (
      select e.* from ended e where e.state = 'failed' and e.trigger <> 'message'
        and not exists (select from pipeline.dead_letter o where o.redrive_run = e.id and o.kind = 'message')
        and not (e.error ->> 'code' = 'RUN_FAILED' and exists (
          select from pipeline.dead_letter o
          where o.root_run = coalesce(e.redrive_of, e.id) and o.run_id = e.id and o.kind = 'item'))
    ), letter as (
      insert into pipeline.dead_letter as l (id, kind, flow, run_id, root_run, slot, node, input, error, attempts)
      select e.letter, 'run', e.flow, e.id, coalesce(e.redrive_of, e.id), e.slot, e.flow, jsonb_build_object('payload', e.input),
        coalesce(e.error, '{"code":"RUN_FAILED","message":"The run failed","retryable":false}'::jsonb),
        (select coalesce(max(s.attempts), 1) from pipeline.step s
         where s.run_id = e.id and s.recorded_by is null and s.state in ('failed', 'retry'))
      from wanting e where ${room('e.flow', limit)}
      on conflict (id) do update set attempts = greatest(l.attempts, excluded.attempts)
      returning 1
    ), reopened as (
      update pipeline.dead_letter l
      set state = 'open', settled_at = null, settled_by = null, redrive_run = null, error = coalesce(e.error, l.error)
      from ended e where e.state = 'failed' and l.redrive_run = e.id and l.kind = 'message'
    ), recovered as (
      update pipeline.dead_letter l set recovered_run = e.id, recovered_at = clock_timestamp()
      from ended e where e.state = 'done' and l.root_run = e.redrive_of and l.kind = 'run' and l.state = 'redriven'
        and l.recovered_run is null
    )`
}
