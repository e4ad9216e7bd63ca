-- Wakes notify-dispatch, once a second at most; what a lost ring leaves, the sweep finds. Rings are few on purpose: pg_net leaves
-- a callback behind in each backend that posts.
create or replace function ops.ring_doorbell_v1(reason text)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
    now_ms constant bigint := (extract(epoch from clock_timestamp()) * 1000)::bigint;
    quiet_until_ms bigint;
begin
    select d.last_value into quiet_until_ms from ops.doorbell d;
    -- A value from the far future is no promise but a clock that was set back.
    if quiet_until_ms > now_ms and quiet_until_ms < now_ms + 10000 then
        return false;
    end if;
    if not ops.ring_function_v1('notify-dispatch', jsonb_build_object('reason', reason)) then
        return false;
    end if;
    perform setval('ops.doorbell', now_ms + 1000);
    return true;
end;
$$;

revoke all on function ops.ring_doorbell_v1(text) from public, anon, authenticated;
grant execute on function ops.ring_doorbell_v1(text) to service_role;
comment on function ops.ring_doorbell_v1(text) is 'Wakes notify-dispatch through pg_net unless it is awake; true when it rang. Called by ring_at_commit_v1, sweep_v1 and notify-dispatch itself at the end of its time.';
