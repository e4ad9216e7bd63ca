-- The deploy that runs, when too many wait for it already: so many are a mistake, or a script. Its lock is held until the end of the
-- transaction: it does not end unseen while another one lines up behind it. Null: there is room; with nothing running, the turn comes at once.
create or replace function ops.queue_in_the_way_v1(wanted jsonb)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
    most constant integer := 5;
    running uuid;
begin
    loop
        select c.card_id into running from ops.cards c
        where c.kind = 'deploy' and c.phase in ('requested', 'approved', 'started')
            and c.service = wanted ->> 'service' and c.environment = wanted ->> 'environment'
        for no key update;
        -- One that ended while we waited for its lock may have given its place to another.
        exit when running is not null or not exists (
            select from ops.cards c
            where c.kind = 'deploy' and c.phase in ('requested', 'approved', 'started')
                and c.service = wanted ->> 'service' and c.environment = wanted ->> 'environment'
        );
    end loop;
    if (
        select count(*) from ops.cards c
        where c.kind = 'deploy' and c.phase = 'queued'
            and c.service = wanted ->> 'service' and c.environment = wanted ->> 'environment'
    ) >= most then
        return running;
    end if;
    return null;
end;
$$;

revoke all on function ops.queue_in_the_way_v1(jsonb) from public, anon, authenticated, service_role;
comment on function ops.queue_in_the_way_v1(jsonb) is 'The deploy that nobody more may wait for, null when there is room. Called by running_deploy_v1.';
