-- A worker that vanished while it posted leaves a delivery in doubt: its post may be in Slack or not.
-- One that vanished while it probed leaves it as doubtful as it was. An update can be repeated, and so can a webhook, which
-- knows its idempotency key; GitHub knows none, so a call that it may have taken is not made again.
create or replace function ops.expire_delivery_leases_v1()
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    gone record;
    expired integer := 0;
begin
    -- One after the other: of two that die of the same, the first is announced. By channel, as all who wait for such a lock.
    for gone in
        select d.delivery_id, d.claim_token, d.channel, d.kind, d.card_id, coalesce(d.hook #>> '{hook,type}' like 'github%', false) as is_lost
        from ops.deliveries d
        where d.claim_token is not null and d.lease_until < clock_timestamp() and not d.in_digest
        order by d.channel, d.position
        for no key update skip locked  -- as settle_delivery_v1
    loop
        if gone.is_lost then
            perform pg_advisory_xact_lock(hashtextextended('pulser.dead:' || gone.channel, 0));
            -- Who records results moves several cards too, in their events' order. So a card is not waited for here: its hook is next time's.
            perform from ops.cards c where c.card_id = gone.card_id for no key update skip locked;
            continue when not found;
        end if;

        update ops.delivery_attempts a
        set ended_at = clock_timestamp(), outcome = 'lease_expired', reason = 'lease_expired', error = 'the worker vanished'
        where a.delivery_id = gone.delivery_id and a.claim_token = gone.claim_token;

        update ops.deliveries d
        set status = case when gone.kind = 'post' then 'in_doubt' when gone.is_lost then 'dead' else 'failed' end,
            dead_at = case when gone.is_lost then clock_timestamp() end,
            reason = case d.status when 'sending' then 'lease_expired' else d.reason end,
            error = case d.status when 'sending' then format('worker %s vanished while it sent it', d.claimed_by) else d.error end,
            may_land_until = case gone.kind when 'update' then clock_timestamp() + interval '30 seconds' end,
            next_attempt_at = clock_timestamp(), claim_token = null, claimed_by = null, lease_until = null
        where d.delivery_id = gone.delivery_id;
        perform ops.carry_digest_v1(d) from ops.deliveries d where d.delivery_id = gone.delivery_id;

        if gone.is_lost then
            perform ops.settle_hook_v1(gone.delivery_id, jsonb_build_object(
                'hook_status', 'failed', 'hook_text', 'Nobody knows whether GitHub took the call. Look there before you try again.'
            ));
            perform ops.announce_dead_delivery_v1(gone.delivery_id);
        end if;
        expired := expired + 1;
    end loop;
    return expired;
end;
$$;

revoke all on function ops.expire_delivery_leases_v1() from public, anon, authenticated, service_role;
comment on function ops.expire_delivery_leases_v1() is 'Takes deliveries from vanished workers: posts are in doubt, updates and webhooks tried again; how many. Called by claim_deliveries_v1 and sweep_v1.';
