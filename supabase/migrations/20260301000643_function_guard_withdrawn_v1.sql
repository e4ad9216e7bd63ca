-- Who asked for a deploy takes it out of the queue, or who may approve or ask for deploys of its service; where nobody is named for that, and
-- none must approve, anybody. Who is in a user group nobody here knows: then the handler alone has looked.
create or replace function ops.guard_withdrawn_v1()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
    clicker constant text := new.state #>> '{approval,by,user}';
    known ops.services;
    named text[];
begin
    select s.* into known from ops.services s where s.service = new.service;
    named := case when known.approval_required then known.approvers else '{}' end || known.deployers;
    if clicker = old.state #>> '{requested,user}' or clicker = any (named) or array_to_string(named, ' ') ~ '(^| )S'
        or not known.approval_required and cardinality(named) = 0 then
        return new;
    end if;
    raise exception 'the deploy % is not withdrawn by %', new.card_id, coalesce(clicker, 'nobody')
        using errcode = 'check_violation', constraint = 'only_who_may_withdraws_a_queued_deploy', table = 'cards', schema = 'ops';
end;
$$;

revoke all on function ops.guard_withdrawn_v1() from public, anon, authenticated, service_role;
comment on function ops.guard_withdrawn_v1() is 'Refuses that a stranger takes a deploy out of the queue. Called by the trigger guard_withdrawn on ops.cards.';
