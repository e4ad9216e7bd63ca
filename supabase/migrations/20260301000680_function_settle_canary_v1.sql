-- What Slack said to a canary's post: {"channel", "ts"}, or {"reason", "error", "hold_s"}. It may be back already.
create or replace function ops.settle_canary_v1(canary_id uuid, outcome jsonb)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
    if (outcome ->> 'hold_s')::double precision > 0 then
        perform ops.hold_slack_v1('chat.postMessage', (outcome ->> 'hold_s')::double precision, outcome ->> 'reason');
    end if;
    update ops.canaries c
    set posted_at = case when outcome ->> 'ts' is not null then clock_timestamp() end,
        slack_channel_id = outcome ->> 'channel', slack_ts = outcome ->> 'ts',
        failed_at = case when outcome ->> 'ts' is null then clock_timestamp() end,
        failed_reason = case when outcome ->> 'ts' is null then left(coalesce(outcome ->> 'reason', 'unknown'), 100) end,
        failed_error = case when outcome ->> 'ts' is null then left(outcome ->> 'error', 500) end
    where c.canary_id = settle_canary_v1.canary_id and c.claimed_at is not null and c.posted_at is null and c.failed_at is null;
    return found;
end;
$$;

revoke all on function ops.settle_canary_v1(uuid, jsonb) from public, anon, authenticated;
grant execute on function ops.settle_canary_v1(uuid, jsonb) to service_role;
comment on function ops.settle_canary_v1(uuid, jsonb) is 'Notes what Slack said to a canary; false when that is known already. Called by notify-dispatch.';
