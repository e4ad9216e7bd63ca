-- What holds for a deploy from the moment that it is asked for, whatever its asker thought: how many must approve it, of which plan,
-- and behind which other one it waits. Nobody knows who asked: then one more must approve, for one of them may be he.
create or replace function ops.prepare_deploy_v1()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
    approvals constant integer := (select s.approvals from ops.services s where s.service = new.service);
begin
    if new.state ? 'quorum' or approvals > 1 then
        new.state := new.state || jsonb_build_object('quorum', jsonb_build_object(
            'needed', coalesce(approvals, 1) + case when new.state #>> '{requested,user}' is null then 1 else 0 end,
            'plan', ops.plan_hash_v1(new.service, new.environment, new.release)
        ));
    end if;
    if new.phase = 'queued' then
        new.state := new.state || jsonb_build_object('queue', jsonb_build_object('behind', (
            select jsonb_build_object('card_id', c.card_id, 'release', c.release, 'by', jsonb_build_object(
                'user', c.state #>> '{requested,user}', 'name', c.state #>> '{requested,name}'
            ))
            from ops.cards c
            where c.kind = 'deploy' and c.phase in ('requested', 'approved', 'started')
                and c.service = new.service and c.environment = new.environment
        )));
    end if;
    return new;
end;
$$;

revoke all on function ops.prepare_deploy_v1() from public, anon, authenticated, service_role;
comment on function ops.prepare_deploy_v1() is 'Fixes how many must approve which plan, and behind what a deploy waits. Called by the trigger prepare_deploy on ops.cards.';
