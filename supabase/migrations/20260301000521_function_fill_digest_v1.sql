-- All that waits in a channel and may fold goes with the digest, or the update of one, that has just been claimed: it has its token and
-- lease, and follows it from now on (carry_digest_v1). Each event is so in one message: digest_id names one.
-- But for open alerts that an update would bring into a digest that rang for none: such came since fold_posts_v1 looked, and have the
-- channel's next turn.
create or replace function ops.fill_digest_v1(carrier ops.deliveries)
returns void
language sql
set search_path = ''
as $$
    update ops.deliveries d
    set status = carrier.status, digest_id = carrier.digest_id, claim_token = carrier.claim_token, claimed_by = carrier.claimed_by,
        lease_until = carrier.lease_until, doubtful_since = carrier.doubtful_since
    where d.channel = carrier.channel and d.may_fold and not d.in_digest and d.kind = 'post' and d.status in ('queued', 'failed')
        and (
            carrier.kind = 'post' or (select t.rang_for_alert from ops.deliveries t where t.delivery_id = carrier.digest_id)
            or (select c.kind = 'alert' and c.phase = 'open' from ops.cards c where c.card_id = d.event_id) is not true
        );
    -- It is tried for as long as the youngest of them has.
    update ops.deliveries d
    set retry_until = coalesce(filled.retry_until, d.retry_until), rang_for_alert = carrier.kind = 'post' and coalesce(filled.is_open, false)
    from (
        select max(m.retry_until) as retry_until,
            bool_or((select c.kind = 'alert' and c.phase = 'open' from ops.cards c where c.card_id = m.event_id)) as is_open
        from ops.deliveries m
        where m.digest_id = carrier.digest_id and m.claim_token = carrier.claim_token and m.kind = 'post'
    ) filled
    where d.delivery_id = carrier.delivery_id
$$;

revoke all on function ops.fill_digest_v1(ops.deliveries) from public, anon, authenticated, service_role;
comment on function ops.fill_digest_v1(ops.deliveries) is 'Folds a channel''s waiting posts into a claimed digest. Called by claim_posts_v1.';
