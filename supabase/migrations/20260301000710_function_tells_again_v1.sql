-- Whether a result is of what was before the rollback that a card is asked for: both have the card's id, and many deployers tell the end of
-- a deploy twice. The rollback's own cannot come before its hook is called; until the hook is accepted, or its deployer tells that it began,
-- the failure that the card knows already is the deploy's once more, lest a second call is asked for beside the first. But what is
-- completed after the call was: many a hook answers when all is done, or too late.
create or replace function ops.tells_again_v1(card ops.cards, result jsonb)
returns boolean
language sql
stable
set search_path = ''
as $$
    select card.state ? 'rollback' and not card.state -> 'rollback' ?| array['started', 'ended']
        and (result ->> 'version' <> coalesce(card.state #>> '{result,version}', card.release)) is not true
        and exists (
            select from ops.deliveries h
            where h.delivery_id = (card.state #>> '{rollback,delivery_id}')::uuid and case
                when h.status = 'sent' then false
                when h.attempts = 0 then result ->> 'what' in ('started', card.state #>> '{result,what}')
                else result ->> 'what' = 'failed' and card.state #>> '{result,what}' = 'failed'
            end
        )
$$;

revoke all on function ops.tells_again_v1(ops.cards, jsonb) from public, anon, authenticated, service_role;
comment on function ops.tells_again_v1(ops.cards, jsonb) is 'Whether a result tells nothing of the rollback that is asked for. Called by apply_deploy_result_v1 and place_deploys_v1.';
