-- Why a deploy expired, for its event: how long it waited for what, and how many had approved it.
create or replace function ops.expiry_v1(card ops.cards)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select case
        when card.state #>> '{expired,was}' = 'queued' then jsonb_build_object('reason', 'its turn did not come in a day')
        when card.state #>> '{expired,was}' <> 'requested' then jsonb_build_object('reason', 'nothing was heard for two hours')
        when given.votes = 0 then jsonb_build_object('reason', 'nobody decided in a day')
        else jsonb_build_object(
            'reason', format('%s of %s approved, and then nobody decided in a day', given.votes, card.state #>> '{quorum,needed}'),
            'approvals', given.votes, 'approvals_needed', card.state #> '{quorum,needed}'
        )
    end
    from (select count(*) as votes from ops.approvals a where a.card_id = card.card_id) given
$$;

revoke all on function ops.expiry_v1(ops.cards) from public, anon, authenticated, service_role;
comment on function ops.expiry_v1(ops.cards) is 'Why a deploy expired. Called by expire_deploys_v1.';
