-- The way to Slack and back, where a canary is switched on.
create or replace function ops.metrics_canary_v1()
returns table (name text, labels jsonb, value double precision)
language sql
volatile
set search_path = ''
as $$
    with now_is as materialized (select ops.canary_status_v1() as status)
    select 'pulser_canary_switched_on', '{}'::jsonb, (n.status ->> 'channel' is not null)::integer::double precision from now_is n
    union all
    select 'pulser_canary_round_trip_seconds', jsonb_build_object('part', p.part), (n.status #>> array['heard', p.part || '_s'])::double precision
    from now_is n cross join unnest(array['ring', 'out', 'back', 'whole']) p (part)
    where n.status ->> 'channel' is not null and n.status #>> array['heard', p.part || '_s'] is not null
    union all
    select 'pulser_canary_age_seconds', '{}', extract(epoch from clock_timestamp()
        - coalesce((n.status #>> '{heard,came_back_at}')::timestamptz, (n.status ->> 'changed_at')::timestamptz))
    from now_is n where n.status ->> 'channel' is not null
    union all
    select 'pulser_canary_deaf_seconds', '{}', coalesce(extract(epoch from clock_timestamp() - (n.status ->> 'deaf_since')::timestamptz), 0)
    from now_is n where n.status ->> 'channel' is not null
    union all
    select 'pulser_canary_refused', jsonb_build_object('reason', coalesce(n.status #>> '{last,reason}', 'none')), 1
    from now_is n where n.status ->> 'channel' is not null and n.status #>> '{last,status}' = 'failed'
    union all
    select 'pulser_canary_day', jsonb_build_object('outcome', d.key), d.value::double precision
    from now_is n cross join jsonb_each_text(n.status -> 'day') d where n.status ->> 'channel' is not null
$$;

revoke all on function ops.metrics_canary_v1() from public, anon, authenticated, service_role;
comment on function ops.metrics_canary_v1() is 'The canary: its round trip, since when none came back, why it cannot be posted. Called by metrics_v1.';
