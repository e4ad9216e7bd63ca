-- What is in a digest goes the way of what carries it, in the same transaction: the digest's own post, or the update that is to take it
-- in; it is sent, in doubt or dead with it. Where that failed for sure, it waits again as itself, and is folded anew when its turn
-- comes; an update that died leaves it to be posted. Not so an update that may have landed: that is repeated with all it had, for what
-- it had may stand in Slack.
create or replace function ops.carry_digest_v1(carrier ops.deliveries)
returns void
language plpgsql
set search_path = ''
as $$
declare
    waits_again constant boolean := case carrier.kind
        when 'update' then carrier.status = 'dead' or carrier.status = 'failed' and carrier.may_land_until is null
        else carrier.status in ('failed', 'queued')
    end;
begin
    if carrier.digest_id is null or carrier.in_digest then
        return;
    end if;
    update ops.deliveries m
    set status = case when carrier.kind = 'update' and carrier.status = 'dead' then 'failed' else carrier.status end,
        digest_id = case when not waits_again then m.digest_id end,
        next_attempt_at = case when carrier.kind = 'update' then clock_timestamp() else carrier.next_attempt_at end,
        claim_token = carrier.claim_token, claimed_by = carrier.claimed_by, lease_until = carrier.lease_until,
        doubtful_since = carrier.doubtful_since, reason = carrier.reason, error = carrier.error, adopted = carrier.adopted,
        slack_channel_id = carrier.slack_channel_id, slack_ts = carrier.slack_ts, sent_at = carrier.sent_at,
        dead_at = case when carrier.kind = 'post' then carrier.dead_at end
    where m.digest_id = carrier.digest_id and m.in_digest and m.status in ('sending', 'in_doubt', 'failed')
        and m.status <> carrier.status;
    if waits_again and carrier.kind = 'post' then
        update ops.deliveries d set digest_id = null where d.delivery_id = carrier.delivery_id;
    end if;
end;
$$;

revoke all on function ops.carry_digest_v1(ops.deliveries) from public, anon, authenticated, service_role;
comment on function ops.carry_digest_v1(ops.deliveries) is 'Brings what is in a digest into the state of what carries it. Called by follow_settled_delivery_v1, claim_updates_v1 and expire_delivery_leases_v1.';
