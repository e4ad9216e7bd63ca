-- A worker that vanished while it posted leaves a delivery in doubt: its post may be in Slack or not.
-- One that vanished while it probed leaves it as doubtful as it was.
create or replace function ops.expire_delivery_leases_v1()
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    expired integer;
begin
    with gone as (
        select d.delivery_id, d.claim_token from ops.deliveries d
        where d.claim_token is not null and d.lease_until < clock_timestamp()
        for update skip locked
    ), ended as (
        update ops.delivery_attempts a
        set ended_at = clock_timestamp(), outcome = 'lease_expired', reason = 'lease_expired', error = 'the worker vanished'
        from gone where a.delivery_id = gone.delivery_id and a.claim_token = gone.claim_token
    )
    update ops.deliveries d
    set status = 'in_doubt', reason = case d.status when 'sending' then 'lease_expired' else d.reason end,
        error = case d.status when 'sending' then format('worker %s vanished while it posted', d.claimed_by) else d.error end,
        next_attempt_at = clock_timestamp(), claim_token = null, claimed_by = null, lease_until = null
    from gone where d.delivery_id = gone.delivery_id;
    get diagnostics expired = row_count;
    return expired;
end;
$$;

revoke all on function ops.expire_delivery_leases_v1() from public, anon, authenticated, service_role;
comment on function ops.expire_delivery_leases_v1() is 'Puts deliveries of vanished workers in doubt; how many. Called by claim_deliveries_v1 and sweep_v1.';
