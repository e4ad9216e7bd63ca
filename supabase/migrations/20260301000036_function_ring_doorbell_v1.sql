-- Wakes notify-dispatch, once a second at most. pg_net sends it when the transaction commits, and may lose it:
-- the sweep rings again (invariant 5). Rings are few on purpose: pg_net leaves a callback behind in each backend that posts.
create or replace function ops.ring_doorbell_v1(reason text)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
    now_ms constant bigint := (extract(epoch from clock_timestamp()) * 1000)::bigint;
    quiet_until_ms bigint;
    functions_url text;
begin
    select d.last_value into quiet_until_ms from ops.doorbell d;
    -- A value from the far future is no promise but a clock that was set back.
    if quiet_until_ms > now_ms and quiet_until_ms < now_ms + 10000 then
        return false;
    end if;
    functions_url := ops.read_secret_v1('pulser_functions_url');
    if functions_url is null then
        return false;
    end if;
    perform net.http_post(
        url := rtrim(functions_url, '/') || '/notify-dispatch',
        body := jsonb_build_object('reason', reason),
        headers := jsonb_build_object(
            'Content-Type', 'application/json',
            'apikey', ops.read_secret_v1('pulser_function_key'),
            'x-request-id', gen_random_uuid()
        ),
        timeout_milliseconds := 5000
    );
    perform setval('ops.doorbell', now_ms + 1000);
    return true;
end;
$$;

revoke all on function ops.ring_doorbell_v1(text) from public, anon, authenticated;
grant execute on function ops.ring_doorbell_v1(text) to service_role;
comment on function ops.ring_doorbell_v1(text) is 'Wakes notify-dispatch through pg_net unless it is awake; true when it rang. Called by ring_at_commit_v1, sweep_v1 and notify-dispatch itself at the end of its time.';
