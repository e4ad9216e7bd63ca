-- How the relays are, and what became of their connections in the last ten minutes. What counts from a sign of life counts from
-- when sockets were switched on at the earliest, and is not told while they are switched off.
create or replace function ops.metrics_relay_v1()
returns table (name text, labels jsonb, value double precision)
language sql
volatile
set search_path = ''
as $$
    with now_is as materialized (select ops.relay_status_v1() as status), ended as materialized (
        select left(s.end_reason, 80) as reason, s.alive_until from ops.relay_sessions s
        where s.ended_at > now() - interval '10 minutes' order by s.ended_at desc limit 10000
    ), signs as (
        select s.alive_until from ops.relay_sessions s where s.state <> 'ended'
        union all
        (select s.alive_until from ops.relay_sessions s where s.state = 'ended' order by s.ended_at desc limit 20)
    ), reasons as (
        select e.reason, count(*) as ends, row_number() over (order by count(*) desc, e.reason) as place from ended e group by e.reason
    )
    select 'pulser_relay_switched_on', '{}'::jsonb, (n.status ->> 'transport' = 'socket')::integer::double precision from now_is n
    union all
    select 'pulser_relay_uptime_ratio', '{}', (n.status ->> 'uptime_24h')::double precision
    from now_is n where n.status ->> 'uptime_24h' is not null
    union all
    select 'pulser_relay_ghost_connections', '{}', (n.status ->> 'ghosts')::double precision from now_is n
    union all
    select 'pulser_relay_sessions', jsonb_build_object('state', t.state), (
        select count(*) from ops.open_relay_sessions_v1() o where o.state = t.state
    )
    from unnest(array['connecting', 'live', 'retiring']) t (state)
    union all
    select 'pulser_relay_silent_seconds', '{}', greatest(0, extract(epoch from clock_timestamp()
        - greatest(c.changed_at, (select max(s.alive_until) from signs s))))
    from ops.relay_control c where c.transport = 'socket'
    union all
    select 'pulser_recent_relay_connections', '{}', count(*)
    from ops.relay_sessions s where s.hello_at > now() - interval '10 minutes'
    union all
    select 'pulser_recent_relay_ends', jsonb_build_object('reason', case when r.place > 20 then 'other' else r.reason end), sum(r.ends)
    from reasons r group by 2
    union all
    -- A relay that vanished leaves its session open until another one takes the place.
    select 'pulser_recent_leases_lost', '{"kind": "relay"}', (
        select count(*) from ended e where e.reason in ('lease_expired', 'lease_lost')
    ) + (
        select count(*) from ops.relay_sessions s
        where s.state <> 'ended' and s.lease_until between now() - interval '10 minutes' and now()
    )
    union all
    select 'pulser_relay_alarm_timestamp_seconds', jsonb_build_object('reason', a.reason), extract(epoch from a.raised_at)
    from (select r.reason, r.raised_at from ops.relay_alarms r order by r.raised_at desc limit 50) a
$$;

revoke all on function ops.metrics_relay_v1() from public, anon, authenticated, service_role;
comment on function ops.metrics_relay_v1() is 'Connections of the relays, their up-time, ends and alarms. Called by metrics_v1.';
