-- A deploy that was not asked for in Slack has begun: its card tells of it from now on. Not where another deploy of the service and
-- environment runs, or is just being asked for: the lock is running_deploy_v1's, and it is not waited for, since who holds it may wait
-- for a card of ours. Nor where it names a card of ours that has its result: that is told late, or again, and nothing would ever end
-- it. Then the event is told for itself. True when it has a card.
create or replace function ops.begin_deploy_v1(the_event uuid, result jsonb)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
    if result ->> 'what' <> 'started' or coalesce((result ->> 'rollback')::boolean, false)
        or result ->> 'service' is null or result ->> 'environment' is null
        or not pg_try_advisory_xact_lock(hashtextextended(format('pulser.deploy %s %s', result ->> 'service', result ->> 'environment'), 0)) then
        return false;
    end if;
    if exists (
        select from ops.cards c
        where c.state ? 'result' and c.card_id = case
            when result ->> 'deploy_id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then (result ->> 'deploy_id')::uuid
        end
    ) then
        return false;
    end if;
    insert into ops.cards (card_id, version, kind, service, environment, release, phase, state)
    values (
        the_event, 1, 'deploy', result ->> 'service', result ->> 'environment', result ->> 'version', 'started',
        jsonb_build_object('started', jsonb_strip_nulls(jsonb_build_object(
            'at', to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            'deploy_ref', result ->> 'deploy_ref', 'actor', result ->> 'actor'
        )))
    )
    on conflict do nothing;
    return found;
end;
$$;

revoke all on function ops.begin_deploy_v1(uuid, jsonb) from public, anon, authenticated, service_role;
comment on function ops.begin_deploy_v1(uuid, jsonb) is 'Makes the card of a deploy that a deployer began by himself; whether it did. Called by attach_event_v1.';
