-- Records how a claimed delivery ended. With a token that is not the delivery's any more it changes nothing (invariant 6).
-- outcome: {"result": sent|adopted|failed|in_doubt|dead|absent|unknown, "reason", "error", "retry_in_s",
--           "slack_channel_id", "slack_ts", "hold_method", "hold_s", "card_version", "may_land_late", "hook_status", "hook_text", "hook_url"}
create or replace function ops.settle_delivery_v1(delivery_id uuid, claim_token uuid, outcome jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    result text := outcome ->> 'result';
    retry_in constant interval := make_interval(secs => coalesce((outcome ->> 'retry_in_s')::double precision, 0));
    settled ops.deliveries;
begin
    select d.* into settled from ops.deliveries d
    where d.delivery_id = settle_delivery_v1.delivery_id and d.claim_token = settle_delivery_v1.claim_token
    for no key update;  -- it keeps no queue_briefing_v1 waiting, which holds the card that is asked for below
    if not found then
        return jsonb_build_object('settled', false);
    end if;
    -- What could only be tried again when it is too late is given up now: a deploy must not begin hours after it was approved.
    if result = 'failed' and settled.retry_until < clock_timestamp() + retry_in then
        result := 'dead';
    end if;
    if result = 'dead' then  -- Of two that die at once of the same, one waits here, and only the other is announced.
        perform pg_advisory_xact_lock(hashtextextended('pulser.dead:' || settled.channel, 0));
    end if;

    update ops.deliveries d
    set status = case result
            when 'adopted' then 'sent' when 'absent' then 'queued' when 'unknown' then 'in_doubt' else result
        end,
        reason = outcome ->> 'reason', error = outcome ->> 'error', adopted = result = 'adopted',
        -- A doubt that nothing resolves is looked at ever less often.
        next_attempt_at = clock_timestamp() + greatest(
            retry_in, case result when 'unknown' then least(interval '10 minutes', (clock_timestamp() - d.doubtful_since) / 10) end
        ),
        slack_channel_id = outcome ->> 'slack_channel_id', slack_ts = outcome ->> 'slack_ts',
        card_version = (outcome ->> 'card_version')::integer,
        may_land_until = case
            when (outcome ->> 'may_land_late')::boolean then clock_timestamp() + interval '30 seconds' else d.may_land_until
        end,
        sent_at = case when result in ('sent', 'adopted') then clock_timestamp() end,
        dead_at = case when result = 'dead' then clock_timestamp() end,
        claim_token = null, claimed_by = null, lease_until = null
    where d.delivery_id = settled.delivery_id
    returning d.* into settled;

    update ops.delivery_attempts a
    set ended_at = clock_timestamp(), outcome = result, reason = settled.reason, error = settled.error
    where a.delivery_id = settled.delivery_id and a.claim_token = settle_delivery_v1.claim_token;

    if result in ('sent', 'failed', 'in_doubt', 'dead') then
        perform ops.note_channel_v1(settled);
    end if;
    perform ops.follow_settled_delivery_v1(settled.delivery_id, outcome);
    return jsonb_build_object('settled', true, 'status', settled.status);
end;
$$;

revoke all on function ops.settle_delivery_v1(uuid, uuid, jsonb) from public, anon, authenticated;
grant execute on function ops.settle_delivery_v1(uuid, uuid, jsonb) to service_role;
comment on function ops.settle_delivery_v1(uuid, uuid, jsonb) is 'Records how a claimed delivery ended: {settled, status}; settled is false for an old token. Called by notify-dispatch.';
