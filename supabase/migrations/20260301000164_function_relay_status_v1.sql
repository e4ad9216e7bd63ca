-- How the relays are. Up-time counts from the first session, or from when sockets were switched on; while they are
-- switched off, until then. ghosts: connections that Slack counted at the newest hello and that were none of ours.
create or replace function ops.relay_status_v1()
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    control ops.relay_control;
    first_at timestamptz;
    since timestamptz;
    uptime jsonb;
    newest ops.relay_sessions;
    ours bigint;
begin
    select c.* into control from ops.relay_control c;
    first_at := coalesce(
        (select min(s.hello_at) from ops.relay_sessions s), (select min(s.claimed_at) from ops.relay_sessions s)
    );
    since := case when first_at is not null then greatest(
        first_at, clock_timestamp() - interval '24 hours', case control.transport when 'socket' then control.changed_at end
    ) end;
    uptime := ops.relay_uptime_v1(since, case control.transport when 'socket' then clock_timestamp() else control.changed_at end);
    select o.* into newest from ops.open_relay_sessions_v1() o
    where o.num_connections is not null order by o.hello_at desc, o.num_connections desc limit 1;
    select count(*) into ours from ops.relay_sessions s
    where s.hello_at <= newest.hello_at
        and (s.ended_at > newest.hello_at or s.state <> 'ended' and s.lease_until > newest.hello_at);
    return jsonb_build_object(
        'transport', control.transport,
        'sessions', (
            select coalesce(jsonb_agg(to_jsonb(o) order by o.claimed_at), '[]') from ops.open_relay_sessions_v1() o
        ),
        'live', (select count(*) from ops.open_relay_sessions_v1() o where o.state = 'live'),
        'uptime_24h', uptime -> 'uptime',
        -- A day ago, or when there is less than a day to tell of.
        'uptime_since', since,
        'last_gap', uptime -> 'last_gap',
        'ghosts', coalesce(greatest(0, newest.num_connections - ours), 0),
        'reconnects_24h', (
            select count(*) from ops.relay_sessions s where s.hello_at > now() - interval '24 hours'
        )
    );
end;
$$;

revoke all on function ops.relay_status_v1() from public, anon, authenticated;
grant execute on function ops.relay_status_v1() to service_role;
comment on function ops.relay_status_v1() is 'Sessions, up-time, gaps and ghosts of the relays. Called by socket-relay and command-handler for their health.';
