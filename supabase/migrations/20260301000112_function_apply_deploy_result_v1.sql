-- deploy.started, completed, failed: the card of the deploy (or rollback) that asked for it moves on. It is found by the deploy_id
-- that the hook was given, else by the deployer's own name for it (deploy_ref), else by service, environment and version: what a result
-- leaves open, another deploy may have been. Only a card that names no version itself is found without one, and that of a deploy which
-- the deployer began: no other runs there. What is told again of a deploy that is about to be rolled back changes nothing. Null when no
-- card waits for such news.
create or replace function ops.apply_deploy_result_v1(event_id uuid, result jsonb)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
    what constant text := result ->> 'what';
    -- rollback.completed, for example: of nothing but the rollback that its deploy_id names.
    of_rollback constant boolean := coalesce((result ->> 'rollback')::boolean, false);
    found_card ops.cards;
begin
    if result ->> 'deploy_id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
        select c.* into found_card from ops.cards c
        where c.card_id = (result ->> 'deploy_id')::uuid and (
            c.kind = 'deploy' and c.phase in ('approved', 'started') and not of_rollback or c.state ? 'rollback' and not c.state #> '{rollback}' ? 'ended'
        )
        for no key update;
    end if;
    if found_card.card_id is null and not of_rollback then
        select c.* into found_card from ops.cards c
        where c.kind = 'deploy' and c.phase in ('approved', 'started') and c.service = result ->> 'service'
            and c.environment is not distinct from result ->> 'environment'
            and case
                when result ->> 'deploy_ref' = c.state #>> '{started,deploy_ref}' then true
                when result ->> 'deploy_id' is not null or result ->> 'deploy_ref' <> c.state #>> '{started,deploy_ref}' then false
                else c.release is null or c.release = result ->> 'version' or c.state ? 'started' and result ->> 'version' is null
            end
        order by c.created_at desc limit 1
        for no key update;
    end if;
    if found_card.card_id is null then
        return null;
    end if;
    if not of_rollback and ops.tells_again_v1(found_card, result) then
        return found_card.card_id;
    end if;
    update ops.cards c
    set version = c.version + 1, updated_at = clock_timestamp(),
        phase = case
            when c.kind = 'deploy' and c.phase in ('approved', 'started') then what
            when c.kind = 'release' and what = 'completed' then 'rolled_back'
            when c.kind = 'release' and what = 'failed' then 'deployed'
            else c.phase
        end,
        release = coalesce(c.release, case c.kind when 'deploy' then result ->> 'version' end),
        state = (case
                when not c.state ? 'rollback' then c.state
                when what = 'failed' then c.state - 'rollback'
                else jsonb_set(c.state, array['rollback', case what when 'completed' then 'ended' else what end], 'true')
            end)
            || jsonb_build_object('result', jsonb_build_object(
                'what', what, 'text', result ->> 'text', 'event_id', apply_deploy_result_v1.event_id, 'version', result ->> 'version', 'url', result ->> 'url',
                'at', to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ))
    where c.card_id = found_card.card_id;
    perform ops.refresh_card_v1(found_card.card_id);
    return found_card.card_id;
end;
$$;

revoke all on function ops.apply_deploy_result_v1(uuid, jsonb) from public, anon, authenticated, service_role;
comment on function ops.apply_deploy_result_v1(uuid, jsonb) is 'Moves the card of a running deploy; its id, null when there is none. Called by attach_event_v1.';
