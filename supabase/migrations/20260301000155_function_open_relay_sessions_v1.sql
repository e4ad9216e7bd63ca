-- A lease that ran out holds nothing: its row stays open until its worker reports again, or another takes the place.
create or replace function ops.open_relay_sessions_v1()
returns setof ops.relay_sessions
language sql
volatile
set search_path = ''
as $$
    select s.* from ops.relay_sessions s where s.state <> 'ended' and s.lease_until > clock_timestamp()
$$;

revoke all on function ops.open_relay_sessions_v1() from public, anon, authenticated, service_role;
comment on function ops.open_relay_sessions_v1() is 'The sessions that hold their lease. Called by the functions of the relay.';
