-- The card, and whose rollback of the same service and environment is under way on another card: a person, as a card's state has
-- him, with the card's id and the release.
create or replace function ops.card_for_event_v1(event_id uuid)
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$
    select found.card || jsonb_build_object('other_rollback', (
        select jsonb_build_object('card_id', c.card_id, 'release', c.release, 'by', c.state -> 'rollback')
        -- Asked once, not for each card that there is.
        from ops.cards c where c.card_id = (select ops.open_rollback_v1(found.card))
    ))
    from (select ops.card_json_v1(card_for_event_v1.event_id)) found (card)
$$;

revoke all on function ops.card_for_event_v1(uuid) from public, anon, authenticated;
grant execute on function ops.card_for_event_v1(uuid) to service_role;
comment on function ops.card_for_event_v1(uuid) is 'The card that stands for an event, null for an unknown one and for a pruned one. Called by action-handler.';
