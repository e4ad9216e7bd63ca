-- A vote counts for what its voter has seen, is not the requester's own, and is one of those that are needed. The card's lock keeps
-- two votes apart.
create or replace function ops.guard_approval_v1()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
    card ops.cards;
    broken text;
begin
    select c.* into card from ops.cards c where c.card_id = new.card_id for no key update;
    if not found then
        return new;  -- the foreign key refuses it
    end if;
    broken := case
        when tg_op = 'UPDATE' then 'an_approval_is_not_changed'
        when card.kind <> 'deploy' or not card.state ? 'quorum' or card.phase not in ('requested', 'approved')
            then 'only_a_requested_deploy_is_approved'
        when card.state #>> '{requested,user}' = new.approver then 'the_requester_does_not_approve'
        when card.state #>> '{quorum,plan}' is distinct from new.plan_hash then 'an_approval_is_of_the_plan_shown'
        when (select count(*) from ops.approvals a where a.card_id = new.card_id) >= (card.state #>> '{quorum,needed}')::integer
            then 'no_more_approvals_than_needed'
    end;
    if broken is not null then
        raise exception 'the deploy % cannot be approved by %: %', new.card_id, new.approver, replace(broken, '_', ' ')
            using errcode = 'check_violation', constraint = broken, table = 'approvals', schema = 'ops';
    end if;
    return new;
end;
$$;

revoke all on function ops.guard_approval_v1() from public, anon, authenticated, service_role;
comment on function ops.guard_approval_v1() is 'Refuses an approval that does not count. Called by the trigger guard_approval on ops.approvals.';
