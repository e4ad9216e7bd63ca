-- No deploy is approved by fewer than it needs, whatever the code above the database believes. Of a card from before, on which nothing
-- was fixed, as many as its service wants now where that is more than one.
create or replace function ops.guard_approved_v1()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
    needed constant integer := coalesce(
        (new.state #>> '{quorum,needed}')::integer,
        (select s.approvals from ops.services s where s.service = new.service and s.approvals > 1),
        0
    );
    given integer;
begin
    if tg_op = 'UPDATE' and old.phase = new.phase then
        return null;
    end if;
    select count(*) into given from ops.approvals a
    where a.card_id = new.card_id and a.plan_hash is not distinct from new.state #>> '{quorum,plan}';
    if given < needed then
        raise exception 'the deploy % has % of the % approvals that it needs', new.card_id, given, needed
            using errcode = 'check_violation', constraint = 'a_deploy_has_the_approvals_it_needs', table = 'cards', schema = 'ops';
    end if;
    return null;
end;
$$;

revoke all on function ops.guard_approved_v1() from public, anon, authenticated, service_role;
comment on function ops.guard_approved_v1() is 'Refuses an approved deploy with too few approvals. Called by the trigger guard_approved on ops.cards.';
