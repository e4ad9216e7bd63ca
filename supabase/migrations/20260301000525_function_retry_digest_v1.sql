-- A dead digest that a person asks for again brings back what died with it: each waits again, as a post of its own.
create or replace function ops.retry_digest_v1(asked ops.deliveries)
returns void
language sql
set search_path = ''
as $$
    update ops.deliveries m
    set status = 'queued', digest_id = null, next_attempt_at = clock_timestamp(),
        retry_until = clock_timestamp() + interval '24 hours', dead_at = null
    where asked.status = 'dead' and asked.digest_id = asked.delivery_id
        and m.digest_id = asked.delivery_id and m.in_digest and m.status = 'dead'
$$;

revoke all on function ops.retry_digest_v1(ops.deliveries) from public, anon, authenticated, service_role;
comment on function ops.retry_digest_v1(ops.deliveries) is 'Unfolds a dead digest that is asked for again. Called by retry_delivery_v1 and post_repeats_v1.';
