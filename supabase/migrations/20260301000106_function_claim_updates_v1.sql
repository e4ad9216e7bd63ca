-- Takes updates of messages. chat.update is limited per workspace to 50 and more a minute: ten at once, then one in 1.5 seconds,
-- make 50 in any minute (invariant 7).
create or replace function ops.claim_updates_v1(worker text, max_updates integer, lease_seconds integer)
returns uuid[]
language plpgsql
security definer
set search_path = ''
as $$
declare
    spent_until timestamptz;
    free integer;
    claimed uuid[];
begin
    if max_updates <= 0 or ops.slack_held_until_v1('chat.update') is not null
        or not exists (
            select from ops.deliveries d
            where d.kind = 'update' and d.status in ('queued', 'failed') and d.next_attempt_at <= clock_timestamp()
        ) then
        return array[]::uuid[];
    end if;
    insert into ops.slack_paces (method) values ('chat.update') on conflict (method) do nothing;
    select greatest(p.used_until, clock_timestamp()) into spent_until
    from ops.slack_paces p where p.method = 'chat.update' for update;
    free := least(max_updates, floor(extract(epoch from clock_timestamp() + interval '15 seconds' - spent_until) / 1.5));
    with due as (
        select d.delivery_id from ops.deliveries d
        where d.kind = 'update' and d.status in ('queued', 'failed') and d.next_attempt_at <= clock_timestamp()
        order by d.route = 'repeat', d.next_attempt_at limit greatest(free, 0)  -- what somebody did before what only counts
        for update skip locked
    ), taken as (
        update ops.deliveries d
        set status = 'sending', attempts = d.attempts + 1, claim_token = gen_random_uuid(), claimed_by = worker,
            lease_until = clock_timestamp() + make_interval(secs => lease_seconds), doubtful_since = clock_timestamp()
        from due where d.delivery_id = due.delivery_id
        returning d.delivery_id
    )
    select coalesce(array_agg(taken.delivery_id), '{}') into claimed from taken;
    update ops.slack_paces p set used_until = spent_until + cardinality(claimed) * interval '1.5 seconds'
    where p.method = 'chat.update';
    perform ops.carry_digest_v1(d) from ops.deliveries d where d.delivery_id = any (claimed) and d.digest_id is not null;
    return claimed;
end;
$$;

revoke all on function ops.claim_updates_v1(text, integer, integer) from public, anon, authenticated, service_role;
comment on function ops.claim_updates_v1(text, integer, integer) is 'Takes updates that are due, as many as Slack''s rate allows. Called by claim_deliveries_v1.';
