-- How the relays are. Up-time counts from the first session, or from when sockets were switched on; while they are
-- switched off, until then. ghosts: connections that Slack counted at the newest hello and that were none of ours.
create or replace function ops.relay_status_v1()
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$
    with measured as (
        select c.transport, ops.relay_uptime_v1(
            greatest(
                clock_timestamp() - interval '24 hours',
                case c.transport when 'socket' then c.changed_at end,
                (select coalesce(min(s.hello_at), min(s.claimed_at)) from ops.relay_sessions s)
            ),
            case c.transport when 'socket' then clock_timestamp() else c.changed_at end
        ) as uptime
        from ops.relay_control c
    ), newest as (
        select o.hello_at, o.num_connections from ops.open_relay_sessions_v1() o
        where o.num_connections is not null order by o.hello_at desc, o.num_connections desc limit 1
    )
    select jsonb_build_object(
        'transport', m.transport,
        'sessions', (
            select coalesce(jsonb_agg(to_jsonb(o) order by o.claimed_at), '[]') from ops.open_relay_sessions_v1() o
        ),
        'live', (select count(*) from ops.open_relay_sessions_v1() o where o.state = 'live'),
        'uptime_24h', m.uptime -> 'uptime',
        'last_gap', m.uptime -> 'last_gap',
        'ghosts', coalesce((
            select greatest(0, n.num_connections - (
                select count(*) from ops.relay_sessions s
                where s.hello_at <= n.hello_at and (
                    s.ended_at > n.hello_at or s.state <> 'ended' and s.lease_until > n.hello_at
                )
            ))
            from newest n
        ), 0),
        'reconnects_24h', (
            select count(*) from ops.relay_sessions s where s.hello_at > clock_timestamp() - interval '24 hours'
        )
    )
    from measured m
$$;

revoke all on function ops.relay_status_v1() from public, anon, authenticated;
grant execute on function ops.relay_status_v1() to service_role;
comment on function ops.relay_status_v1() is 'Sessions, up-time, gaps and ghosts of the relays. Called by socket-relay and command-handler for their health.';
