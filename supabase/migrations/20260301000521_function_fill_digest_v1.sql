-- All that waits in a channel and may fold goes with the digest, or the update of one, that has just been claimed: it has its token and
-- lease, and follows it from now on (carry_digest_v1). Each event is so in one message: digest_id names one.
create or replace function ops.fill_digest_v1(carrier ops.deliveries)
returns void
language sql
set search_path = ''
as $$
    update ops.deliveries d
    set status = carrier.status, digest_id = carrier.digest_id, claim_token = carrier.claim_token, claimed_by = carrier.claimed_by,
        lease_until = carrier.lease_until, doubtful_since = carrier.doubtful_since
    where d.channel = carrier.channel and d.may_fold and not d.in_digest and d.kind = 'post' and d.status in ('queued', 'failed');
    -- It is tried for as long as the youngest of them has.
    update ops.deliveries d
    set retry_until = (
        select max(m.retry_until) from ops.deliveries m where m.digest_id = carrier.digest_id and m.claim_token = carrier.claim_token
    )
    where d.delivery_id = carrier.delivery_id
$$;

revoke all on function ops.fill_digest_v1(ops.deliveries) from public, anon, authenticated, service_role;
comment on function ops.fill_digest_v1(ops.deliveries) is 'Folds a channel''s waiting posts into a claimed digest. Called by claim_posts_v1.';
