-- Slack lets nobody change a card's message any more (its update died of that): the card is posted anew, with a link to the old message,
-- and changes there from now on. Not for a mere count, and not where a newer card tells of it. A message that somebody deleted is not
-- posted again. True where nobody need be told that the update died.
create or replace function ops.continue_card_v1(delivery_id uuid)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    dead ops.deliveries;
    card ops.cards;
    shown integer;
begin
    select d.* into dead from ops.deliveries d where d.delivery_id = continue_card_v1.delivery_id;
    if dead.kind <> 'update' or dead.digest_id is not null or dead.status <> 'dead'
        or dead.reason not in ('edit_window_closed', 'cant_update_message', 'is_inactive') then
        return false;
    end if;
    select c.* into card from ops.cards c where c.card_id = dead.card_id for no key update;
    select max(d.card_version) into shown from ops.deliveries d
    where (d.delivery_id = dead.target_delivery_id or d.target_delivery_id = dead.target_delivery_id) and d.status = 'sent';
    if card.state #>> '{resolved,superseded_by}' is not null
        or card.version = card.repeat_version and card.acted_version <= coalesce(shown, 0) then
        return true;
    end if;
    insert into ops.deliveries (event_id, route, why, channel, continues_delivery_id)
    select p.event_id, p.route, 'Slack lets nobody change its message before any more', p.channel, p.delivery_id
    from ops.deliveries p where p.delivery_id = dead.target_delivery_id
    on conflict (continues_delivery_id) where continues_delivery_id is not null do nothing;
    return true;
end;
$$;

revoke all on function ops.continue_card_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.continue_card_v1(uuid) is 'Posts a card anew where its message cannot be changed any more. Called by follow_settled_delivery_v1.';
