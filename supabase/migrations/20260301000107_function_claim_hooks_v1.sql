create or replace function ops.claim_hooks_v1(worker text, max_hooks integer, lease_seconds integer)
returns uuid[]
language sql
volatile
security definer
set search_path = ''
as $$
    with due as (
        select d.delivery_id from ops.deliveries d
        where d.kind = 'hook' and d.status in ('queued', 'failed') and d.next_attempt_at <= clock_timestamp()
        order by d.next_attempt_at limit greatest(max_hooks, 0)
        for update skip locked
    ), taken as (
        update ops.deliveries d
        set status = 'sending', attempts = d.attempts + 1, claim_token = gen_random_uuid(), claimed_by = worker,
            lease_until = clock_timestamp() + make_interval(secs => lease_seconds), doubtful_since = clock_timestamp()
        from due where d.delivery_id = due.delivery_id
        returning d.delivery_id
    )
    select coalesce(array_agg(taken.delivery_id), '{}') from taken
$$;

revoke all on function ops.claim_hooks_v1(text, integer, integer) from public, anon, authenticated, service_role;
comment on function ops.claim_hooks_v1(text, integer, integer) is 'Takes calls of deploy hooks that are due. Called by claim_deliveries_v1.';
