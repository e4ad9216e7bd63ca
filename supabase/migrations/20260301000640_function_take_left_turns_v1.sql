-- What waits though nothing runs: its turn was not passed on, because of an error. Of a place where somebody asks for a deploy right now
-- it is left to the next minute.
create or replace function ops.take_left_turns_v1()
returns integer
language plpgsql
set search_path = ''
as $$
declare
    place record;
    taken integer := 0;
begin
    for place in
        select distinct q.service, q.environment from ops.cards q
        where q.kind = 'deploy' and q.phase = 'queued' and not exists (
            select from ops.cards c
            where c.kind = 'deploy' and c.phase in ('requested', 'approved', 'started')
                and c.service = q.service and c.environment = q.environment
        )
    loop
        if pg_try_advisory_xact_lock(hashtextextended(format('pulser.deploy %s %s', place.service, place.environment), 0))
            and ops.take_turn_v1(place.service, place.environment, null) is not null then
            taken := taken + 1;
        end if;
    end loop;
    return taken;
end;
$$;

revoke all on function ops.take_left_turns_v1() from public, anon, authenticated, service_role;
comment on function ops.take_left_turns_v1() is 'Takes the turns that nobody passed on; how many. Called by expire_deploys_v1.';
