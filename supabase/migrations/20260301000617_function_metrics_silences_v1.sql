-- Silences that last, those of them that cover everything, and the events that were muted in the last ten minutes (10,000 at most).
create or replace function ops.metrics_silences_v1()
returns table (name text, labels jsonb, value double precision)
language sql
volatile
set search_path = ''
as $$
    select 'pulser_live_silences', jsonb_build_object('scope', k.scope), count(s.silence_id)::double precision
    from (values ('everything', true), ('part', false)) k (scope, is_all)
    left join ops.silences s on s.ended_at is null and s.ends_at > clock_timestamp() and k.is_all = (
        coalesce(s.service, '*') ~ '^\*+$' and s.event_pattern ~ '^\*+$' and coalesce(s.environment, '*') ~ '^\*+$'
    )
    group by k.scope
    union all
    select 'pulser_recent_silenced_events', '{}', count(*)::double precision
    from (
        select from ops.event_dispatches d
        where d.status = 'silenced' and d.recorded_at > now() - interval '10 minutes' limit 10000
    ) d
$$;

revoke all on function ops.metrics_silences_v1() from public, anon, authenticated, service_role;
comment on function ops.metrics_silences_v1() is 'Live silences and silenced events. Called by metrics_v1.';
