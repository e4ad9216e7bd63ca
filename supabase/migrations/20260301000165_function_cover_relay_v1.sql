-- Wakes socket-relay where fewer than two live sessions will still be there in a minute. Rings are sent
-- once in three seconds at most. Who calls this goes on whatever happens to the ring.
create or replace function ops.cover_relay_v1()
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
    now_ms constant bigint := (extract(epoch from clock_timestamp()) * 1000)::bigint;
    quiet_until_ms bigint;
begin
    select d.last_value into quiet_until_ms from ops.relay_doorbell d;
    -- A value from the far future is no promise but a clock that was set back.
    if quiet_until_ms > now_ms and quiet_until_ms < now_ms + 10000 then
        return false;
    end if;
    if ops.transport_v1() <> 'socket' or (
        select count(*) >= 2 from ops.open_relay_sessions_v1() o
        where o.state = 'live' and (o.runs_until is null or o.runs_until > clock_timestamp() + interval '1 minute')
    ) or exists (
        -- Nobody may dial now; the next tick after it rings.
        select from ops.slack_holds h where h.method = 'apps.connections.open' and h.held_until > clock_timestamp()
    ) then
        return false;
    end if;
    if not ops.ring_function_v1('socket-relay', jsonb_build_object('reason', 'cover')) then
        return false;
    end if;
    perform setval('ops.relay_doorbell', now_ms + 3000);
    return true;
exception
    when others then
        raise warning 'pulser: socket-relay is not rung, the next tick will try: % %', sqlstate, sqlerrm;
        return false;
end;
$$;

revoke all on function ops.cover_relay_v1() from public, anon, authenticated;
grant execute on function ops.cover_relay_v1() to service_role;
comment on function ops.cover_relay_v1() is 'Wakes socket-relay through pg_net when sessions are missing; true when it rang. Called by the cron job ops_relay_cover, set_transport_v1 and socket-relay itself at the end of its time.';
