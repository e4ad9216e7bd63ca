-- The deploy that stands in the way of another one of the same service and environment. Two that ask at once are asked one after
-- the other: the lock is held until the end of the transaction.
create or replace function ops.running_deploy_v1(wanted jsonb, but text)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
    running uuid;
begin
    if wanted is null then
        return null;
    end if;
    perform pg_advisory_xact_lock(hashtextextended(
        format('pulser.deploy %s %s', wanted ->> 'service', wanted ->> 'environment'), 0
    ));
    if wanted ->> 'phase' = 'queued' then
        return ops.queue_in_the_way_v1(wanted);
    end if;
    select c.card_id into running from ops.cards c
    where c.kind = 'deploy' and c.phase in ('requested', 'approved', 'started')
        and c.service = wanted ->> 'service' and c.environment = wanted ->> 'environment' and c.card_id::text is distinct from but;
    return running;
end;
$$;

revoke all on function ops.running_deploy_v1(jsonb, text) from public, anon, authenticated, service_role;
comment on function ops.running_deploy_v1(jsonb, text) is 'The deploy that runs for this service and environment already, or that too many wait for; null when there is none. Called by settle_envelope_v1.';
