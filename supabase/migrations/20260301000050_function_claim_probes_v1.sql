-- Takes deliveries in doubt, to look for them in Slack's history, for a briefing in its thread. They stay in doubt until the answer
-- is sure.
create or replace function ops.claim_probes_v1(worker text, max_probes integer, lease_seconds integer)
returns uuid[]
language plpgsql
security definer
set search_path = ''
as $$
declare
    history_is_free constant boolean := ops.slack_held_until_v1('conversations.history') is null;
    threads_are_free constant boolean := ops.slack_held_until_v1('conversations.replies') is null;
    claimed uuid[];
begin
    with due as (
        select d.delivery_id from ops.deliveries d
        where d.status = 'in_doubt' and not d.in_digest and d.next_attempt_at <= clock_timestamp()
            and (d.lease_until is null or d.lease_until < clock_timestamp())
            and case when d.thread_delivery_id is null then history_is_free else threads_are_free end
        order by d.next_attempt_at limit max_probes
        for update skip locked
    ), taken as (
        update ops.deliveries d
        set claim_token = gen_random_uuid(), claimed_by = worker,
            lease_until = clock_timestamp() + make_interval(secs => lease_seconds)
        from due where d.delivery_id = due.delivery_id
        returning d.delivery_id
    )
    select coalesce(array_agg(taken.delivery_id), '{}') into claimed from taken;
    return claimed;
end;
$$;

revoke all on function ops.claim_probes_v1(text, integer, integer) from public, anon, authenticated, service_role;
comment on function ops.claim_probes_v1(text, integer, integer) is 'Takes deliveries in doubt that are due for a look into Slack''s history. Called by claim_deliveries_v1.';
