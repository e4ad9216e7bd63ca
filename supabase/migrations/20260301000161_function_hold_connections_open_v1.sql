-- What Slack said about apps.connections.open (Retry-After, a refused token) holds for all relays; an hour at most.
create or replace function ops.hold_connections_open_v1(seconds double precision, reason text)
returns jsonb
language sql
security definer
set search_path = ''
as $$
    select jsonb_build_object('held_s', held.s)
    from (select least(greatest(coalesce(seconds, 30), 1), 3600) as s) held
    cross join lateral ops.hold_slack_v1('apps.connections.open', held.s, left(coalesce(reason, 'unknown'), 200)) done
$$;

revoke all on function ops.hold_connections_open_v1(double precision, text) from public, anon, authenticated;
grant execute on function ops.hold_connections_open_v1(double precision, text) to service_role;
comment on function ops.hold_connections_open_v1(double precision, text) is 'Stores a Retry-After of apps.connections.open: {held_s}. Called by socket-relay.';
