-- A request that nobody decided in a day, one whose turn did not come in a day, and a deploy that nothing was heard of for two hours,
-- stand in nobody's way any more; a rollback that is silent for so long can be asked for again. Each is an event.
create or replace function ops.expire_deploys_v1()
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    old record;
    card ops.cards;
    expired integer := 0;
begin
    -- What ends below gives its turn on at the commit.
    perform ops.take_left_turns_v1();
    for old in
        select c.card_id, c.phase from ops.cards c
        where c.kind = 'deploy' and (
            -- Each by an index of its own.
            c.phase = 'requested' and c.updated_at < clock_timestamp() - interval '24 hours'
            or c.phase = 'queued' and c.updated_at < clock_timestamp() - interval '24 hours'
            or c.phase in ('approved', 'started') and c.updated_at < clock_timestamp() - interval '2 hours'
        )
        for update skip locked
    loop
        update ops.cards c
        set version = c.version + 1, phase = 'expired', updated_at = clock_timestamp(),
            state = c.state || jsonb_build_object('expired', jsonb_build_object(
                'was', old.phase, 'at', to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ))
        where c.card_id = old.card_id
        returning c.* into card;
        perform ops.refresh_card_v1(old.card_id);
        perform ops.tell_of_card_v1(card, 'deploy.expired', 'ops_deploy_expire', ops.expiry_v1(card));
        expired := expired + 1;
    end loop;
    for old in
        select c.card_id from ops.cards c
        where c.state ? 'rollback' and not c.state #> '{rollback}' ? 'ended' and c.updated_at < clock_timestamp() - interval '2 hours'
        for update skip locked
    loop
        update ops.cards c
        set version = c.version + 1, state = c.state - 'rollback', updated_at = clock_timestamp(),
            phase = case c.phase when 'rolling_back' then 'deployed' else c.phase end
        where c.card_id = old.card_id
        returning c.* into card;
        perform ops.refresh_card_v1(old.card_id);
        perform ops.tell_of_card_v1(
            card, 'rollback.expired', 'ops_deploy_expire', jsonb_build_object('reason', 'nothing was heard for two hours')
        );
        expired := expired + 1;
    end loop;
    return expired;
end;
$$;

revoke all on function ops.expire_deploys_v1() from public, anon, authenticated, service_role;
comment on function ops.expire_deploys_v1() is 'Ends deploys that nobody decided or reported on; how many. Called by the cron job ops_deploy_expire.';
